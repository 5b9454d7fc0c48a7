// A transfer is paid in and never filled; its money comes back long after its deadline.

const EVERY_SECONDS = 60;

export default {
  number: 2,
  title: 'Bridge stall',
  story:
    'The money is on a chain whose gas is dear, so that it is sent over a bridge. Nobody fills it; 40 minutes after its deadline it is paid back. The trade lets go of it, what is in flight stays uncertain, and the delta is hedged once with what is left.',
  url: import.meta.url,
  tMaxSeconds: 1200,
  world: { chains: 2, blockSeconds: EVERY_SECONDS },
  play: async ({ stage, path, record, expect, keep }) => {
    const { acrossDataworker, acrossRelayer } = stage.actors;
    acrossRelayer.behave({ ignore: () => true });
    stage.afterBlock(async ({ row, t }) => {
      if (row.venueState === 'refunds' && t % 600 === 0) await acrossDataworker.tick();
    });
    const agent = await stage.openAgent({ policy: { monitoringSeconds: EVERY_SECONDS }, pollMs: 15_000 });
    const kept = keep(agent, EVERY_SECONDS);
    await stage.runTo(path.endSeconds);
    await kept.stop();

    const transfers = await agent.journal.transfers();
    const late = record.events.filter(({ code }) => code === 'TRANSFER_LATE');
    const orders = record.events.filter(({ code }) => code === 'INTENT_SIGNED');
    const afterwards = orders.filter(({ t }) => t >= (late[0]?.t ?? Infinity));
    expect(
      'money is given to the bridge',
      transfers.length > 0,
      record.events.map(({ code }) => code),
    );
    expect('the trade lets go of what is late', late.length > 0, record.events.slice(-30));
    expect('the delta is hedged again, once', afterwards.length === 1, afterwards);
    const inPlace = record.samples.filter(({ t }) => t > (afterwards[0]?.t ?? 0) + 300);
    expect(
      'and stays in its band meanwhile',
      inPlace.every(({ isOutside }) => !isOutside),
      inPlace.find(({ isOutside }) => isOutside),
    );
    const more = transfers.filter(
      ({ transfer }) => transfer.sentAtSeconds > transfers[0].transfer.sentAtSeconds + EVERY_SECONDS,
    );
    expect('no more money is given to a bridge that is late', more.length === 0, more);
    const ends = transfers.map(({ status }) => status.state);
    expect(
      'the transfer ends as refunded',
      ends.every((state) => state === 'refunded'),
      ends,
    );
    const unwinds = orders.filter(({ t }) => t >= 7200);
    expect('what comes back causes at most one unwind', unwinds.length <= 1, unwinds);
    return { agent, failures: kept.failures };
  },
};
