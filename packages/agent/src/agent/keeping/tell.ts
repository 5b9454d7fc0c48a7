import type { Hex } from '@evenkeel/core';
import type { Rebalancer, RebalancerEvents } from '@evenkeel/core/rebalancer';
import type { AgentEvents } from '../events.js';

/**
 * Passes on what a rebalancer tells, under the portfolio's name.
 *
 * @param onSigned told the id of each intent
 * @returns what ends it
 */
export function tellAll(
  rebalancer: Rebalancer,
  portfolio: string,
  events: AgentEvents,
  onSigned: (id: Hex) => void,
): () => void {
  const signed: RebalancerEvents['signed'] = ({ id, intent }) => {
    onSigned(id);
    const { deadline, deltaChangeUnits, maxCostBps, postTradeDelta } = intent;
    events.emit({
      kind: 'intent',
      level: 'info',
      code: 'INTENT_SIGNED',
      portfolio,
      sentence: `An intent to change the delta by ${deltaChangeUnits} ${intent.underlying} is signed.`,
      details: { intentId: id, deltaChangeUnits, postTradeDelta, maxCostBps, deadline },
    });
  };
  const waiting: RebalancerEvents['waiting'] = ({ slice, untilSeconds }) => {
    const sentence = `Slice ${slice} waits for ${new Date(untilSeconds * 1000).toISOString()}.`;
    events.emit({ kind: 'execution', level: 'info', code: 'SLICE_WAITS', portfolio, sentence, details: { slice } });
  };
  const execution: RebalancerEvents['execution'] = (event) => {
    const { intentId, sentence, simulated, slice, type } = event;
    const code = 'code' in event ? event.code : type.replaceAll('-', '_').toUpperCase();
    events.emit({
      kind: 'execution',
      level: type === 'step-failed' || type === 'step-reorganised' ? 'warn' : 'info',
      code,
      portfolio,
      sentence,
      details: {
        type,
        intentId,
        slice,
        simulated,
        ...('step' in event ? { step: event.step } : {}),
        ...('txHash' in event ? { txHash: event.txHash } : {}),
      },
    });
  };
  const delegated: RebalancerEvents['delegated'] = ({ sentence, slice }) => {
    const code = 'SLICE_DELEGATED';
    events.emit({ kind: 'execution', level: 'info', code, portfolio, sentence, details: { slice } });
  };
  rebalancer.on('signed', signed);
  rebalancer.on('delegated', delegated);
  rebalancer.on('waiting', waiting);
  rebalancer.on('execution', execution);
  return () => {
    rebalancer.off('signed', signed);
    rebalancer.off('delegated', delegated);
    rebalancer.off('waiting', waiting);
    rebalancer.off('execution', execution);
  };
}
