// What every test file finds, on any machine.
import fc from 'fast-check';

// Whether there is colour is settled when a module is loaded, and a runner that sets CI or FORCE_COLOR asks for it:
// tests read plain text everywhere.
process.env.NO_COLOR = '1';

// Properties draw the same cases in every run, so that a failure belongs to the change under test. Other cases:
// EVENKEEL_TEST_SEED=7 npm test
fc.configureGlobal({ seed: Number(process.env.EVENKEEL_TEST_SEED ?? 1) });
