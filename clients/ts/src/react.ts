import { useCallback, useEffect, useState } from "react";
import type { Answer, Entitled } from "./client.js";
import type { Entitlement, Value } from "./types.gen.js";

/** What a user may do, for components. */
export interface Held {
  /** What is held; undefined until it is known. */
  entitlements: Entitlement[] | undefined;
  /** Why the last look failed; undefined if it did not. What was known before stays. */
  error: unknown;
  /** Whether a feature is held; unknown until something is known. */
  has(feature: string): Answer;
  /** How much of a feature is held; undefined if it is not, or not known. */
  value(feature: string): Value | undefined;
  /** Looks again. */
  refresh(): void;
}

/**
 * What the user of a client may do now. It is looked up again when the page is shown again, as it is
 * after a visit to Stripe's pages. Make the client outside of the component: a new one is asked anew.
 */
export function useEntitlements(client: Entitled): Held {
  const [entitlements, setEntitlements] = useState<Entitlement[]>();
  const [error, setError] = useState<unknown>();
  const [looks, setLooks] = useState(0);
  const refresh = useCallback(() => setLooks((n) => n + 1), []);

  useEffect(() => setEntitlements(undefined), [client]); // what another user has is no answer
  useEffect(() => {
    let current = true;
    client.entitlements().then(
      (answer) => current && (setEntitlements(answer.entitlements), setError(undefined)),
      (failed) => current && setError(failed),
    );
    return () => void (current = false);
  }, [client, looks]);
  useEffect(() => {
    const shown = () => document.visibilityState === "visible" && refresh();
    document.addEventListener("visibilitychange", shown);
    return () => document.removeEventListener("visibilitychange", shown);
  }, [refresh]);

  const find = (feature: string) => entitlements?.find((one) => one.feature === feature);
  return {
    entitlements, error, refresh,
    has: (feature) => (entitlements ? (find(feature) ? "yes" : "no") : "unknown"),
    value: (feature) => find(feature)?.value,
  };
}
