#!/usr/bin/env node
// Takes the checks out of the sources one by one, and shows that a test fails each time. `--only 3,10-20` runs some of them,
// `--list` names them. Writes nothing outside of a temporary folder but `mutation-kills.json`: which test killed what, so that
// the next run begins with that test. One process: compiler and test runner are loaded once.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCLI } from 'jest';
import jestConfig from '../../../jest.config.mjs';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const BAND = 'DeltaBand.sol';
const MODULE = 'DeltaBandModule.sol';
const ROLLING = 'libraries/RollingUse.sol';
const SOURCES = 'libraries/PriceSources.sol';

/** File, what stands there, and what a careless hand would leave. */
const MUTATIONS = [
  [BAND, 'if (policy.chainId != block.chainid) revert PolicyOfOtherChain(policy.chainId);\n        if (', 'if ('],
  [BAND, 'policy.sessionKey == address(0) ||', 'false ||'],
  [BAND, 'policy.start > block.timestamp ||', 'false ||'],
  [BAND, 'policy.windowSeconds == 0 ||', 'false ||'],
  [BAND, 'policy.windowSeconds % 4 != 0 ||', 'false ||'],
  [BAND, 'policy.lossBps == 0 ||', 'false ||'],
  [BAND, 'uint256(policy.lossBps) + policy.maxDeviationBps > BPS', 'false'],
  [BAND, 'if (policy.expiry <= block.timestamp) revert GrantExpired(policy.expiry);\n        grantId', 'grantId'],
  [
    BAND,
    'if (word >= STATUS_REVOKED || policy.start <= _revokedUntil[account]) revert GrantRevoked(grantId);\n        // A',
    '// A',
  ],
  [BAND, 'if (word == 0) _grants', '_grants'],
  [
    BAND,
    'if (policy.chainId != block.chainid) revert PolicyOfOtherChain(policy.chainId);\n        uint256 word',
    'uint256 word',
  ],
  [BAND, 'if (word == 0) revert GrantUnknown(grantId);', ''],
  [
    BAND,
    'if (word >= STATUS_REVOKED || policy.start <= _revokedUntil[account]) revert GrantRevoked(grantId);\n    }',
    '}',
  ],
  [BAND, '_requireOwner(account, digest, signature);\n        _revoke(', '_revoke('],
  [BAND, '_requireOwner(account, digest, signature);\n        _revokeAll(', '_revokeAll('],
  [
    BAND,
    '_requireGranted(account, grantId, policy);\n        _requireMarket(policy, market, proof);\n        _attest',
    '_requireMarket(policy, market, proof);\n        _attest',
  ],
  [BAND, 'if (word >> 224 >= block.timestamp) (low', '(low'],
  [BAND, 'low > high ||', 'false ||'],
  [BAND, 'low < market.outerLow ||', 'false ||'],
  [BAND, '|| high > market.outerHigh', ''],
  [BAND, 'validUntil < block.timestamp ||', 'false ||'],
  [BAND, '|| sequence <= uint32(_attested[slot][account] >> 192)', ''],
  [BAND, '!SignatureChecker.isValidSignatureNowCalldata(policy.policyKey, digest, attestation.signature)', 'false'],
  [
    BAND,
    'if (!MerkleProof.verifyCalldata(proof, policy.markets, _hashWords(words, 14))) {',
    'if (proof.length > 99) {',
  ],
  [BAND, 'if (block.timestamp >= policy.expiry) revert GrantExpired(policy.expiry);', ''],
  [BAND, 'if (block.timestamp > order.deadline) revert OrderExpired(order.deadline);', ''],
  [BAND, 'if (bucket != order.bucket) revert BucketNotNow(order.bucket, bucket);', ''],
  [BAND, 'if (pool == address(0)) revert VenueNotListed(order.venue);', ''],
  [BAND, 'order.venue < 4 ?', 'true ?'],
  [BAND, 'before.base <= before.low : before.base >= before.high', 'false : false'],
  [BAND, 'if (paid == 0) revert NothingTraded();', ''],
  [BAND, 'if (paid > order.amountIn) revert PaidTooMuch(paid, order.amountIn);', ''],
  [BAND, 'if (received < order.minOut) revert BelowMinOut(received, order.minOut);', ''],
  [BAND, 'order.sell ? base < before.low : base > before.high', 'false'],
  [
    BAND,
    'if (deviationBps > policy.maxDeviationBps) revert SourcesDisagree(deviationBps, policy.maxDeviationBps);',
    '',
  ],
  [BAND, 'if (got < required) revert LossAboveBound(got, required);', ''],
  [BAND, '(received, lower + 1, higher + 1)', '(received, lower, higher)'],
  [BAND, 'notional * (policy.lossBps + deviationBps)', 'notional * (policy.lossBps)'],
  [
    BAND,
    'if (!_use(account, grantId, RollingUse.NOTIONAL, order.bucket, charged, policy.capAtoms)) {',
    'if (charged == type(uint256).max) {',
  ],
  [MODULE, 'userOp.sender != account ||', 'false ||'],
  [MODULE, '|| userOp.initCode.length != 0', ''],
  [MODULE, '_requireGranted(account, grantId, policy);\n        if (userOp', 'if (userOp'],
  [MODULE, '_isSigned(policy, userOpHash, userOp.signature) ? 0 : VALIDATION_FAILED', 'true ? 0 : VALIDATION_FAILED'],
  [MODULE, 'bytes4(data) != IERC7579Execution.execute.selector ||', 'false ||'],
  [MODULE, 'bytes32(data[4:36]) != 0 ||', 'false ||'],
  [MODULE, 'uint256(bytes32(data[36:68])) != 64 ||', 'false ||'],
  [MODULE, 'address(bytes20(data[EXECUTION_START:EXECUTION_START + 20])) != address(this) ||', 'false ||'],
  [MODULE, 'bytes32(data[EXECUTION_START + 20:CALL_START]) != 0 ||', 'false ||'],
  [MODULE, 'bytes4(data[CALL_START:CALL_START + 4]) != this.rebalance.selector', 'false'],
  [MODULE, 'if (policy.paymaster != address(0)) revert PaymasterNotGranted(address(0));', ''],
  [MODULE, 'if (paymaster != policy.paymaster) revert PaymasterNotGranted(paymaster);', ''],
  [MODULE, 'gas += uint128(bytes16(sponsor[20:36])) + postOpGas + postOpGas / 10', 'gas += postOpGas + postOpGas / 10'],
  [
    MODULE,
    'gas += uint128(bytes16(sponsor[20:36])) + postOpGas + postOpGas / 10',
    'gas += uint128(bytes16(sponsor[20:36]))',
  ],
  [
    MODULE,
    '(limits >> 128) + uint128(limits) + userOp.preVerificationGas',
    'uint128(limits) + userOp.preVerificationGas',
  ],
  [
    MODULE,
    '(limits >> 128) + uint128(limits) + userOp.preVerificationGas',
    '(limits >> 128) + userOp.preVerificationGas',
  ],
  [MODULE, '(limits >> 128) + uint128(limits) + userOp.preVerificationGas', '(limits >> 128) + uint128(limits)'],
  [
    MODULE,
    'if (!_use(account, grantId, RollingUse.GAS, order.bucket, gasWei, policy.gasBudgetWei)) {',
    'if (gasWei == type(uint256).max) {',
  ],
  [MODULE, 'if (until > order.deadline) until = order.deadline;', ''],
  [MODULE, 'if (until >= policy.expiry) until = policy.expiry - 1;', ''],
  [MODULE, 'uint256 until = from + span - 1;', 'uint256 until = (1 << 47) - 1;'],
  [MODULE, 'if (_busyFor != address(0)) revert Reentered();', ''],
  [MODULE, 'if (msg.sender != _pool) revert CallbackNotExpected(msg.sender);', ''],
  [MODULE, '_pool = address(0);\n        uint256 asked', 'uint256 asked'],
  [MODULE, 'if (asked > _amountIn) revert CallbackTooGreedy(asked, _amountIn);', ''],
  [MODULE, 'return 0xffffffff;', 'return 0x1626ba7e;'],
  [MODULE, '_revokeAll(msg.sender, uint48(block.timestamp));', ''],
  [ROLLING, 'if (amount > limit || bucket < last) return (word, false);', 'if (amount > limit) return (word, false);'],
  [ROLLING, '((shares >> 80) & WHOLE)', '0'],
  [ROLLING, '((shares >> 60) & WHOLE) +', ''],
  [ROLLING, 'if (passed < 5) {', 'if (passed < 1) {'],
  [SOURCES, 'if (secondsAgo == 0) revert IDeltaBand.PolicyMalformed();', ''],
  [SOURCES, 'if (last.age >= secondsAgo) return current;', 'if (last.age > 0) return current;'],
  [SOURCES, 'if (older.age < secondsAgo) return (false, 0);', ''],
  [SOURCES, 'if (younger.age < secondsAgo) {', 'if (true) {'],
  [SOURCES, 'hint >= count || hint == newest', 'false'],
  [SOURCES, 'if (change < 0 && change % span != 0) tick--;', ''],
  [SOURCES, 'if (answer <= 0) revert IDeltaBand.FeedBroken(answer);', ''],
  [SOURCES, 'updatedAt > block.timestamp ||', 'false ||'],
  [SOURCES, 'block.timestamp - updatedAt > market.feedMaxAgeSeconds', 'false'],
];

const KILLS_FILE = join(here, 'scripts/mutation-kills.json');
const nameOf = ([file, from, to]) => `${file}: ${from.trim()} -> ${to.trim() || 'nothing'}`;
const args = process.argv.slice(2);
if (args.includes('--list')) {
  MUTATIONS.forEach((mutation, index) => console.log(`${index} ${nameOf(mutation)}`));
  process.exit(0);
}
const chosen = args.includes('--only')
  ? args[args.indexOf('--only') + 1].split(',').flatMap((part) => {
      const [first, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    })
  : MUTATIONS.map((_, index) => index);

const solc = require('solc');
const imports = new Map();
function findImport(path) {
  if (!imports.has(path)) imports.set(path, readFileSync(require.resolve(path), 'utf8'));
  return { contents: imports.get(path) };
}
const FILES = [BAND, 'IDeltaBand.sol', MODULE, SOURCES, ROLLING, 'libraries/TickPrice.sol'];
const sources = Object.fromEntries(FILES.map((file) => [file, readFileSync(join(here, 'solidity', file), 'utf8')]));

/** The module's bytecode with one change, by the faster of the compiler's two ways: what it means is the same. */
function compileMutant([file, from, to]) {
  const places = sources[file].split(from).length - 1;
  if (places !== 1) throw new Error(`Fits ${places} places of ${file}: ${from}`);
  const changed = { ...sources, [file]: sources[file].replace(from, () => to) };
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(changed).map(([path, content]) => [path, { content }])),
    settings: {
      optimizer: { enabled: true, runs: 1 },
      evmVersion: 'cancun',
      outputSelection: { [MODULE]: { DeltaBandModule: ['abi', 'evm.bytecode.object'] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const problem = (output.errors ?? []).find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw new Error(`Does not compile: ${problem.formattedMessage}`);
  const { abi, evm } = output.contracts[MODULE].DeltaBandModule;
  return { contract: 'DeltaBandModule', sourceHash: '0x', abi, bytecode: `0x${evm.bytecode.object}` };
}

const project = jestConfig.projects.find(({ displayName }) => displayName === 'contracts');
const QUIET = join(here, 'scripts/no-reporter.mjs');

/** The name of the first test that fails when the package is tested with this artifact; undefined when none does. */
async function killerOf(artifactFile, testNamePattern) {
  const config = {
    ...project,
    rootDir: here,
    moduleNameMapper: { '/artifacts/delta-band-module\\.js$': artifactFile, ...project.moduleNameMapper },
  };
  const options = { config: JSON.stringify(config), runInBand: true, silent: true, reporters: [QUIET] };
  // Gas is another one for other bytecode: that report kills nothing.
  const pattern = {
    testPathPatterns: ['checks-anvil', 'mean-price', 'invariants'],
    ...(testNamePattern && { testNamePattern }),
  };
  const { results } = await runCLI({ ...options, ...pattern, _: [], $0: 'jest' }, [here]);
  const failed = results.testResults
    .flatMap(({ testResults }) => testResults)
    .find(({ status }) => status === 'failed');
  const broken = results.testResults.find(({ testExecError }) => testExecError !== undefined);
  if (broken !== undefined) throw new Error(`The tests do not run: ${broken.testExecError.message}`);
  return failed?.fullName;
}

const exactly = (name) => `^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
const kills = existsSync(KILLS_FILE) ? JSON.parse(readFileSync(KILLS_FILE, 'utf8')) : {};
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-mutate-'));
const survivors = [];
try {
  for (const index of chosen) {
    const name = nameOf(MUTATIONS[index]);
    const file = join(folder, `mutant-${index}.ts`);
    writeFileSync(file, `export const deltaBandModule = ${JSON.stringify(compileMutant(MUTATIONS[index]))};\n`);
    const known = kills[name];
    const killer = (known && (await killerOf(file, exactly(known)))) ?? (await killerOf(file));
    if (killer === undefined) survivors.push(index);
    else kills[name] = killer;
    console.log(`${killer === undefined ? 'SURVIVED' : 'killed  '} ${index} ${name}${killer ? ` by "${killer}"` : ''}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const kept = MUTATIONS.map(nameOf).filter((name) => kills[name] !== undefined);
writeFileSync(KILLS_FILE, `${JSON.stringify(Object.fromEntries(kept.map((name) => [name, kills[name]])), null, 2)}\n`);
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutations were killed.`);
process.exit(survivors.length === 0 ? 0 : 1);
