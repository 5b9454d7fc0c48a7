// Time that passes only while everybody waits: hours of it in seconds, and the same every time.

/**
 * A clock for the agent. `sleep` ends when somebody moves the time there.
 *
 * @param startMs Unix milliseconds
 */
export function steppedClock(startMs) {
  let now = startMs;
  let order = 0;
  const sleepers = new Set();
  const wake = (sleeper) => {
    sleepers.delete(sleeper);
    sleeper.signal?.removeEventListener('abort', sleeper.giveUp);
  };
  return Object.freeze({
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { atMs: now + Math.max(0, milliseconds), order: order++, resolve, signal };
        sleeper.giveUp = () => {
          wake(sleeper);
          reject(signal.reason);
        };
        signal?.addEventListener('abort', sleeper.giveUp, { once: true });
        sleepers.add(sleeper);
      }),
    /** When the next one wakes; Infinity while nobody sleeps. */
    nextMs: () => Math.min(...[...sleepers].map(({ atMs }) => atMs)),
    /** Moves the time, and wakes nobody yet. */
    advanceTo: (atMs) => {
      now = Math.max(now, atMs);
    },
    /** Wakes the first of those whose time has come. */
    wakeOne: () => {
      const due = [...sleepers].filter((each) => each.atMs <= now);
      const [first] = due.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (first === undefined) return;
      wake(first);
      first.resolve();
    },
  });
}

/** Turns of the event loop without a request under way after which everybody is taken to be asleep. */
const CALM_TURNS = 6;

const nextTurn = () => new Promise((resolve) => void setImmediate(resolve));

async function whole(fetch, url, init) {
  const response = await fetch(url, init);
  const body = await response.arrayBuffer();
  return new Response(body.byteLength === 0 ? null : body, { status: response.status, headers: response.headers });
}

/**
 * Counts the requests of this process that have not been answered in full, so that time stands still meanwhile, and hands
 * answers out in the order of their requests, so that which node is quicker changes nothing. Takes the place of the platform's `fetch` until `restore`.
 */
export function watchRequests() {
  const { fetch } = globalThis;
  let open = 0;
  const sent = [];
  let last = Promise.resolve();
  globalThis.fetch = async (url, init) => {
    open += 1;
    try {
      for (const { method, params } of callsIn(init?.body)) {
        if (method === 'eth_sendRawTransaction') sent.push({ url: String(url), raw: params[0] });
      }
      const before = last;
      const answer = whole(fetch, url, init);
      last = answer.catch(() => undefined).then(() => before);
      await before;
      const answered = await answer;
      await nextTurn();
      return answered;
    } finally {
      open -= 1;
    }
  };
  return Object.freeze({
    /** Resolves once nothing happens any more unless time passes. */
    calm: async () => {
      for (let turns = 0; turns < CALM_TURNS; turns = open === 0 ? turns + 1 : 0) {
        await nextTurn();
      }
    },
    /** Raw transactions that were sent since this was last asked for, oldest first: what a mempool shows. */
    takeSent: () => sent.splice(0),
    restore: () => {
      globalThis.fetch = fetch;
    },
  });
}

function callsIn(body) {
  if (typeof body !== 'string') return [];
  const parsed = JSON.parse(body);
  return Array.isArray(parsed) ? parsed : [parsed];
}
