// Counts what was tried, what stopped it, and what it cost the account.

/** Every check that stops something, and has to have done so more than a hundred times in 10,000 attempts. */
export const CHECKS = [
  'AA22',
  'AA24',
  'AA25',
  'AttestationOutOfBounds',
  'AttestationRefused',
  'AttestationStale',
  'BelowMinOut',
  'BucketNotNow',
  'CallbackNotExpected',
  'CallbackTooGreedy',
  'CapExceeded',
  'FeedBroken',
  'FeedStale',
  'GasBudgetExceeded',
  'GrantExpired',
  'GrantRevoked',
  'GrantUnknown',
  'LossAboveBound',
  'MarketNotGranted',
  'NotARebalance',
  'NotOwner',
  'NothingTraded',
  'OrderExpired',
  'Overshoot',
  'PaidTooMuch',
  'PaymasterNotGranted',
  'PolicyMalformed',
  'PolicyOfOtherChain',
  'Reentered',
  'SourcesDisagree',
  'VenueNotListed',
  'WrongDirection',
];

export function createLedger(windowSeconds) {
  const stopped = new Map();
  let attempts = 0;
  let blocked = 0;
  let worst = 0n;
  let timeline = [];
  return {
    get attempts() {
      return attempts;
    },
    get worst() {
      return worst;
    },
    get blocked() {
      return blocked;
    },
    stopped,
    hits: (check) => stopped.get(check) ?? 0,
    /** A new history: the account as it was granted. */
    begin() {
      timeline = [];
    },
    /** One attempt: what stopped it (nothing, when it went through), and what the account had lost by it. */
    note(check, atSeconds = 0, loss = 0n) {
      attempts += 1;
      if (check !== undefined) {
        blocked += 1;
        stopped.set(check, (stopped.get(check) ?? 0) + 1);
      }
      if (loss <= 0n) return;
      timeline.push({ atSeconds, loss });
      const within = timeline.filter((entry) => entry.atSeconds > atSeconds - windowSeconds);
      const sum = within.reduce((total, entry) => total + entry.loss, 0n);
      if (sum > worst) worst = sum;
    },
    /** Of this history alone: its worst window. */
    worstSoFar() {
      let most = 0n;
      for (const { atSeconds } of timeline) {
        const within = timeline.filter(
          (entry) => entry.atSeconds <= atSeconds && entry.atSeconds > atSeconds - windowSeconds,
        );
        const sum = within.reduce((total, entry) => total + entry.loss, 0n);
        if (sum > most) most = sum;
      }
      return most;
    },
  };
}
