// Plays one scenario twice from one seed, and says what held.
import { fileURLToPath } from 'node:url';
import { commonInvariants } from './invariants.mjs';
import { keep, openRecord } from './keep.mjs';
import { readPath } from './path.mjs';
import { openStage } from './stage.mjs';

/** One telling of a scenario: its findings, its record, and the log by which two tellings are compared. */
async function tell(scenario, path, seed) {
  const { tMaxSeconds, world = {} } = scenario;
  const stage = await openStage({ path, seed, ...world });
  try {
    const record = openRecord(stage);
    const findings = [];
    /** Notes whether something holds; `problem` says what was seen instead. */
    const expect = (name, holds, problem) => {
      const problems = holds
        ? []
        : [typeof problem === 'string' ? problem : (JSON.stringify(problem) ?? 'it does not')];
      findings.push({ name, problems });
    };
    const played = await scenario.play({
      stage,
      path,
      record,
      expect,
      keep: (...args) => keep(stage, args[0], record, args[1]),
    });
    const { agent, journal = agent.journal, failures = [], figures } = played;
    findings.push(...(await commonInvariants({ stage, record, journal, agent, tMaxSeconds })));
    findings.push({
      name: 'no round fails',
      problems: failures.map((error) => `${error.code ?? error.name}: ${error.message}`),
    });
    return { record, findings, figures };
  } finally {
    await stage.close();
  }
}

/** @returns `{ findings, record, path, figures }` of the first telling */
export async function play(scenario, seed) {
  const path = readPath(fileURLToPath(new URL('path.csv', scenario.url)));
  const first = await tell(scenario, path, seed);
  const second = await tell(scenario, path, seed);
  const differs = first.record.lines.findIndex((line, index) => line !== second.record.lines[index]);
  const same = differs === -1 && first.record.lines.length === second.record.lines.length;
  const problem = `line ${differs}: ${first.record.lines[differs]} is ${second.record.lines[differs]} the second time`;
  const findings = [
    ...first.findings,
    { name: 'the same log for the same seed, to the byte', problems: same ? [] : [problem] },
  ];
  return { ...first, findings, path };
}
