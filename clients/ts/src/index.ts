export { allow, deny, Entitled, isSettled } from "./client.js";
export type { Answer, Once, Options, Read, Rule, Unanswered, Wait } from "./client.js";
export { isOutage, NoAnswer, Problem } from "./problem.js";
export type { Connection } from "./request.js";
export { requires } from "./require.js";
export type { Responds } from "./require.js";
export type * from "./types.gen.js";
