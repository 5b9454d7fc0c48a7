// Tests on real nodes, with processes that are killed and clocks that jump, meet a machine that is sometimes busy with
// something else. CI may try such a test once more (EVENKEEL_TEST_RETRIES=1): what failed first is printed even so, and
// is a defect to be mended. Properties and units, which lie in src/, are never tried twice: they draw the same each time.
/* global jest, expect */
const retries = Number(process.env.EVENKEEL_TEST_RETRIES ?? 0);
const isOnNodes = /[\\/]test[\\/]/.test(expect.getState().testPath ?? '');

if (retries > 0 && isOnNodes) jest.retryTimes(retries, { logErrorsBeforeRetry: true });
