/** Shows on standard error how much is done. */
export interface Progress {
  readonly show: (done: number, of: number) => void;
  /** Takes the bar away; more than once does no harm. */
  readonly done: () => void;
}

/** A bar at a terminal; elsewhere a line each quarter, so that a log stays short. */
export async function progress(what: string): Promise<Progress> {
  if (!process.stderr.isTTY) return quarters(what);
  const { Presets, SingleBar } = await import('cli-progress');
  const bar = new SingleBar(
    { format: `${what} {bar} {value}/{total}`, stream: process.stderr, clearOnComplete: true },
    Presets.shades_classic,
  );
  let isShown = false;
  return {
    show: (done, of) => {
      if (isShown) bar.update(done);
      else bar.start(of, done);
      isShown = true;
    },
    done: () => {
      if (isShown) bar.stop();
      isShown = false;
    },
  };
}

function quarters(what: string): Progress {
  let shown = 0;
  return {
    show: (done, of) => {
      const quarter = Math.floor((4 * done) / of);
      if (quarter <= shown) return;
      shown = quarter;
      process.stderr.write(`${what}: ${done} of ${of}\n`);
    },
    done: () => undefined,
  };
}
