/** What the service says where it does not do what it was asked for. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** The status of HTTP. */
    readonly status: number,
    /** What went wrong, for programs. Empty if somebody else answered, such as a proxy before the service. */
    readonly code: string,
    /** What went wrong, the same for every problem with this code. */
    readonly title: string,
    /** What went wrong this time, and what to do; for people. May be empty. */
    readonly detail: string,
    /** Names the request in the service's log. */
    readonly requestId: string,
    /** After how many milliseconds the same request may be made again; 0 if the service does not say. */
    readonly retryAfter: number,
  ) {
    super(`${status} ${title}${detail && `: ${detail}`}${code && ` (${code}, request ${requestId})`}`);
  }
}

/** The service did not answer, or not in time. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/**
 * Tells an error that says nothing about the question (no answer in time, or one that asks to come
 * later) from one that says that the question is wrong, such as a misspelled feature or a key that
 * is not valid.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof Problem) return error.status >= 500 || error.status === 429 || error.status === 408;
  return error instanceof NoAnswer;
}

const foreign = "the answer is not the service's: is the base URL right, and what stands between?";

export async function readProblem(response: Response): Promise<Problem> {
  const seconds = Number(response.headers.get("Retry-After"));
  const said = await response.json().catch(() => ({}));
  const known = typeof said?.code === "string" && said.code !== "";
  return new Problem(
    response.status, known ? said.code : "", known ? said.title : response.statusText || "No answer of the service",
    known ? (said.detail ?? "") : foreign, known ? said.request_id : "", seconds > 0 ? seconds * 1000 : 0,
  );
}
