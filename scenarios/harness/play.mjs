// Plays one scenario twice from one seed, and says what held.
import { fileURLToPath } from 'node:url';
import { commonInvariants } from './invariants.mjs';
import { keep, openRecord, plain } from './keep.mjs';
import { readPath } from './path.mjs';
import { openStage } from './stage.mjs';

/** One telling of a scenario: its findings, its record, and the log by which two tellings are compared. */
async function tell(scenario, path, seed, endSeconds) {
  const { tMaxSeconds, world = {} } = scenario;
  const stage = await openStage({ path, seed, ...world });
  try {
    const record = openRecord(stage);
    const findings = [];
    /** Notes whether something holds; `problem` says what was seen instead. */
    const expect = (name, holds, problem) => {
      const problems = holds
        ? []
        : [typeof problem === 'string' ? problem : (JSON.stringify(problem, plain) ?? 'it does not')];
      findings.push({ name, problems });
    };
    const played = await scenario.play({
      stage,
      path,
      endSeconds,
      record,
      expect,
      keep: (...args) => keep(stage, args[0], record, args[1]),
    });
    const { agent, journal = agent.journal, failures = [], figures, note } = played;
    findings.push(...(await commonInvariants({ stage, path, record, journal, agent, tMaxSeconds })));
    findings.push({
      name: 'no round fails',
      problems: failures.map((error) => `${error.code ?? error.name}: ${error.message}`),
    });
    return { record, findings, figures, note };
  } finally {
    await stage.close();
  }
}

/** @returns `{ findings, record, path, figures }` of the first telling */
export async function play(scenario, seed) {
  const path = readPath(fileURLToPath(new URL('path.csv', scenario.url)));
  const first = await tell(scenario, path, seed, path.endSeconds);
  // A long one is told a second time for a part of it, which has to be the beginning of the first.
  const { retellSeconds = path.endSeconds } = scenario;
  const second = await tell(scenario, path, seed, retellSeconds);
  const told = first.record.lines.filter(
    (line) => retellSeconds === path.endSeconds || JSON.parse(line).t < retellSeconds,
  );
  const again = second.record.lines.slice(0, told.length);
  const differs = told.findIndex((line, index) => line !== again[index]);
  const same = differs === -1 && (told.length === second.record.lines.length || retellSeconds < path.endSeconds);
  const problem = `line ${differs}: ${told[differs]} is ${again[differs]} the second time`;
  const findings = [
    ...first.findings,
    { name: 'the same log for the same seed, to the byte', problems: same ? [] : [problem] },
  ];
  return { ...first, findings, path };
}
