import type { Entitled } from "./client.js";
import { isOutage } from "./problem.js";

/** What is needed of a response: that of Node's http, and of Express. */
export interface Responds {
  statusCode: number;
  end(text: string): unknown;
}

/**
 * Lets through only requests of users who have a feature: a middleware for Express and its like. Who
 * asks is what `user` says of the request, from the session of your own; undefined is nobody.
 *
 *     app.get("/sso", requires(entitled, "sso", (request) => request.session.user), page)
 *
 * Nobody is answered 401, who has it not 403, and who cannot be told now 503, unless the client's
 * rule lets them through. 500 is a question that is wrong in itself, such as a misspelled feature.
 */
export function requires<Request>(client: Entitled, feature: string, user: (request: Request) => string | undefined) {
  return async (request: Request, response: Responds, next: () => unknown): Promise<void> => {
    const who = user(request);
    const refuse = (status: number, text: string) => {
      response.statusCode = status;
      response.end(text + "\n");
    };
    if (!who) return refuse(401, "sign in first");
    const { allowed, error } = await client.as(who).decide(feature);
    if (allowed) return void next();
    if (error === undefined) return refuse(403, `your plan does not have ${feature}`);
    if (isOutage(error)) return refuse(503, "it cannot be told now what your plan has: try again");
    refuse(500, "something is wrong here");
  };
}
