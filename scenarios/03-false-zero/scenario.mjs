// A source that lies or fails for five polls moves nobody.

/** The option book as the venue answers it: all of it, nothing, or an error. */
function unsteady(ports, venueState) {
  return {
    ...ports,
    sources: ports.sources.map((source) => ({
      ...source,
      read: async (...args) => {
        const readings = await source.read(...args);
        if (!readings.some(({ id }) => id.includes('short-call'))) return readings;
        switch (venueState()) {
          case 'reads-zero':
            return readings.filter(({ id }) => !id.includes('short-call'));
          case 'fails':
            throw new Error('the index is down');
          default:
            return readings;
        }
      },
    })),
  };
}

export default {
  number: 3,
  title: 'False zero',
  story:
    'The short calls read as nothing for five polls, and later their source fails for five. The agent has just been started anew and is in its place: no order is sent.',
  url: import.meta.url,
  tMaxSeconds: 300,
  world: { chains: 1 },
  play: async ({ stage, path, record, expect, keep }) => {
    const venueState = () => path.at(stage.seconds()).venueState;
    const open = () => stage.openAgent({}, { extend: (ports) => unsteady(ports, venueState) });
    const first = await open();
    const hedging = keep(first);
    await stage.runTo(60);
    await hedging.stop();
    await first.close();
    const agent = await open();
    const kept = keep(agent);
    await stage.runTo(path.endSeconds);
    await kept.stop();

    const lying = ({ t }) => path.at(t).venueState !== 'open';
    const orders = record.events.filter(({ code }) => code === 'INTENT_SIGNED');
    const polls = record.samples.filter(lying);
    expect('the book is hedged before', orders.length > 0, orders);
    expect('there are five polls of nothing and five failures', polls.length >= 10, polls.length);
    expect(
      'no order while it reads as nothing or fails, and none after',
      orders.every(({ t }) => t < 60),
      orders,
    );
    expect(
      'each of these polls holds',
      polls.every(({ action }) => action === 'hold'),
      polls,
    );
    const told = record.events.filter(({ code, kind }) => code === 'POSITION_VANISHED' && kind === 'decision');
    expect('it is told once', told.length === 1, told);
    return { agent, failures: [...hedging.failures, ...kept.failures] };
  },
};
