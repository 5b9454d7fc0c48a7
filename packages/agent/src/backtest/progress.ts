/** Shows how much is done, on standard error. */
export interface Progress {
  readonly show: (done: number, of: number) => void;
  readonly end: () => void;
}

/** A bar at a terminal; elsewhere a line each quarter, so that a log stays short. */
export async function progressBar(): Promise<Progress> {
  if (!process.stderr.isTTY) return lines();
  const { SingleBar, Presets } = await import('cli-progress');
  const bar = new SingleBar(
    { format: 'Episodes {bar} {value}/{total}, {eta_formatted} to go', stream: process.stderr, clearOnComplete: true },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    show: (done, of) => {
      if (isStarted) bar.update(done);
      else bar.start(of, done);
      isStarted = true;
    },
    end: () => {
      if (isStarted) bar.stop();
      isStarted = false;
    },
  };
}

function lines(): Progress {
  let quarter = 0;
  return {
    show: (done, of) => {
      const now = Math.floor((4 * done) / of);
      if (now <= quarter) return;
      quarter = now;
      process.stderr.write(`Episodes: ${done} of ${of}\n`);
    },
    end: () => undefined,
  };
}
