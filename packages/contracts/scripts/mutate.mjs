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
const ENFORCER = 'DeltaBandEnforcer.sol';
const ACCOUNT = 'BandAccount.sol';
const PAYMASTER = 'TokenPaymaster.sol';
const PROBE = 'test/PriceProbe.sol';

/** What is compiled anew with a change to a file, and the tests that may notice it. */
const MODULE_TARGET = { contracts: [[MODULE, 'DeltaBandModule']], tests: ['checks-anvil', 'invariants'] };
const TARGETS = {
  [BAND]: MODULE_TARGET,
  [MODULE]: MODULE_TARGET,
  [ROLLING]: MODULE_TARGET,
  [SOURCES]: {
    contracts: [
      [MODULE, 'DeltaBandModule'],
      [PROBE, 'PriceProbe'],
    ],
    tests: ['checks-anvil', 'mean-price', 'invariants'],
  },
  // Too deep for the compiler's faster way.
  [ENFORCER]: { contracts: [[ENFORCER, 'DeltaBandEnforcer']], tests: ['enforcer-anvil'], viaIR: true },
  [ACCOUNT]: { contracts: [[ACCOUNT, 'BandAccount']], tests: ['account-anvil'] },
  [PAYMASTER]: { contracts: [[PAYMASTER, 'TokenPaymaster']], tests: ['paymaster-anvil'] },
};

/** What bundlers would not take is noticed in the trace of a validation. */
const LINT = ['erc7562'];

/** File, what stands there, what a careless hand would leave; and the tests that may notice it, when others than usually. */
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
  [BAND, 'if (policy.chainId != block.chainid) revert PolicyOfOtherChain(policy.chainId);\n        granted', 'granted'],
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
    '= _requireGranted(account, grantId, policy);\n        _requireMarket(policy, market, proof);\n        _attest',
    '= _grants[grantId][account];\n        _requireMarket(policy, market, proof);\n        _attest',
  ],
  [BAND, '_requireMarket(policy, market, proof);\n        _attest', '_attest'],
  [BAND, 'if (word >> 224 >= block.timestamp) (low', '(low'],
  [BAND, 'low > high ||', 'false ||'],
  [BAND, 'low < market.outerLow ||', 'false ||'],
  [BAND, '|| high > market.outerHigh', ''],
  [BAND, 'validUntil < block.timestamp ||', 'false ||'],
  [BAND, '|| sequence <= uint32(_attested[slot][account] >> 192)', ''],
  [BAND, 'if (!_isSignedBy(policy.policyKey, digest, attestation.signature)) revert AttestationRefused();', ''],
  [BAND, 'failure == ECDSA.RecoverError.NoError && recovered == signer', 'recovered == signer'],
  [BAND, 'return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);', 'return false;'],
  [BAND, 'if (_attested[slot][account] == 0) _attested', '_attested'],
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
    'if (!_use(_grants[grantId][account], RollingUse.NOTIONAL, order.bucket, charged, policy.capAtoms)) {',
    'if (charged == type(uint256).max) {',
  ],
  [MODULE, 'userOp.sender != account ||', 'false ||'],
  [MODULE, '|| userOp.initCode.length != 0', ''],
  [
    MODULE,
    '= _requireGranted(account, grantId, policy);\n        if (userOp',
    '= _grants[grantId][account];\n        if (userOp',
  ],
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
    'if (!_use(granted, RollingUse.GAS, order.bucket, gasWei, policy.gasBudgetWei)) {',
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
  [MODULE, 'data.length < POLICY_LENGTH ||', 'false ||'],
  [MODULE, '|| data.length % 32 != 0', ''],
  [MODULE, '_revokeAll(msg.sender, uint48(block.timestamp));', ''],
  [ROLLING, 'if (amount > limit || bucket < last) return (word, false);', 'if (amount > limit) return (word, false);'],
  [ROLLING, '((shares >> 80) & WHOLE)', '0'],
  [ROLLING, '((shares >> 60) & WHOLE) +', ''],
  [ROLLING, 'if (passed < 5) {', 'if (passed < 1) {'],
  [SOURCES, 'if (secondsAgo == 0) revert IDeltaBand.PolicyMalformed();', ''],
  [SOURCES, 'if (last.age >= secondsAgo) return current;', 'if (last.age > 0) return current;'],
  [SOURCES, '        if (older.age < secondsAgo) return (false, 0);', ''],
  [SOURCES, '!older.made || older.age < secondsAgo', '!older.made'],
  [SOURCES, '!older.made || older.age < secondsAgo', 'older.age < secondsAgo'],
  [SOURCES, 'if (younger.age < secondsAgo) return', 'if (true) return'],
  [SOURCES, 'if (hint >= count) return (false, 0);', ''],
  [SOURCES, 'if (!older.made) {', 'if (false) {'],
  [SOURCES, 'first == 0 ? newest : count - 1', 'count - 1'],
  [SOURCES, 'if (found_.age < secondsAgo) (high', 'if (found_.age < secondsAgo + 60) (high'],
  [SOURCES, 'if (change < 0 && change % span != 0) tick--;', ''],
  [SOURCES, 'if (answer <= 0) revert IDeltaBand.FeedBroken(answer);', ''],
  [SOURCES, 'updatedAt > block.timestamp ||', 'false ||'],
  [SOURCES, 'block.timestamp - updatedAt > market.feedMaxAgeSeconds', 'false'],
  [MODULE, 'address account = msg.sender;', 'address account = block.timestamp == 0 ? address(0) : msg.sender;', LINT],
  [
    MODULE,
    'address account = msg.sender;',
    'address account = _grants[0][address(1)].word == 1 ? address(0) : msg.sender;',
    LINT,
  ],
  [
    PAYMASTER,
    'uint256 free = freeOperations[userOp.sender];',
    'uint256 free = gasleft() + freeOperations[userOp.sender];',
    LINT,
  ],
  [PAYMASTER, 'if (answer <= 0) return', 'if (answer <= 0 || block.timestamp == 0) return', LINT],
  [ENFORCER, 'if (_expected != 0) revert Reentered();', ''],
  [ENFORCER, 'if (redeemer != policy.sessionKey) revert NotSessionKey(redeemer);', ''],
  [ENFORCER, 'mode != 0 ||', 'false ||'],
  [
    ENFORCER,
    'keccak256(executionCalldata) != keccak256(abi.encodePacked(tokenIn, uint256(0), transfer))',
    'transfer.length == 0',
  ],
  [ENFORCER, 'if (_expected != _call(terms, args, delegationHash, delegator)) revert HookNotExpected();', ''],
  [ENFORCER, 'if (msg.sender != _pool) revert CallbackNotExpected(msg.sender);', ''],
  [ENFORCER, '_pool = address(0);\n        uint256 asked', 'uint256 asked'],
  [ENFORCER, 'if (asked > _amountIn) revert CallbackTooGreedy(asked, _amountIn);', ''],
  [ENFORCER, '_amountIn -= asked;', ''],
  [ENFORCER, 'if (rest > 0) IERC20(tokenIn).safeTransfer(delegator, rest);', ''],
  [ENFORCER, 'if (terms.length != 14 * 32) revert PolicyMalformed();', ''],
  [ENFORCER, 'policy.paymaster != address(0) ||', 'false ||'],
  [ENFORCER, '|| policy.gasBudgetWei != 0', ''],
  [ENFORCER, '_expected = 0;', ''],
  [ACCOUNT, 'if (SignerEIP7702._rawSignatureValidation(hash, signature)) return', 'if (signature.length == 65) return'],
  [ACCOUNT, 'if ((signature.length - 65) % 32 != 0) return false;', ''],
  [ACCOUNT, 'MerkleProof.processProofCalldata(proof, hash)', 'proof.length == 0 ? hash : proof[0]'],
  [ACCOUNT, '_modules().types[module] & (1 << moduleTypeId) != 0;', '_modules().types[module] != 0;'],
  [ACCOUNT, 'if (!IERC7579Module(module).isModuleType(moduleTypeId)) {', 'if (moduleTypeId == 0) {'],
  [ACCOUNT, 'if (types & (1 << moduleTypeId) != 0) {', 'if (moduleTypeId == 0) {'],
  [
    ACCOUNT,
    'if (types & (1 << moduleTypeId) == 0) revert ERC7579Utils.ERC7579UninstalledModule',
    'if (false) revert ERC7579Utils.ERC7579UninstalledModule',
  ],
  [ACCOUNT, '_modules().types[module] = types ^ (1 << moduleTypeId);', ''],
  [ACCOUNT, 'modules.slot := MODULES', 'modules.slot := 0'],
  [PAYMASTER, 'if (free == 0) return ("", 1);', ''],
  [PAYMASTER, 'freeOperations[userOp.sender] = free - 1;', ''],
  [PAYMASTER, 'if (answer <= 0) return (1, token, 0);', ''],
  [PAYMASTER, '(10_000 + marginBps)', '10_000'],
  [
    PAYMASTER,
    'addStake(uint32 unstakeDelaySeconds) external payable onlyOwner',
    'addStake(uint32 unstakeDelaySeconds) external payable',
  ],
  [PAYMASTER, 'uint256 count) external onlyOwner', 'uint256 count) external'],
  [PAYMASTER, 'uint256 valueWei) external onlyOwner', 'uint256 valueWei) external'],
  [PAYMASTER, 'uint256 atoms) external onlyOwner', 'uint256 atoms) external'],
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
const FILES = [...Object.keys(TARGETS), 'IDeltaBand.sol', 'libraries/TickPrice.sol', PROBE];
const sources = Object.fromEntries(FILES.map((file) => [file, readFileSync(join(here, 'solidity', file), 'utf8')]));

for (const [file, from] of MUTATIONS) {
  const places = sources[file].split(from).length - 1;
  if (places !== 1) throw new Error(`Fits ${places} places of ${file}: ${from}`);
}

/** The artifacts with one change, by the faster of the compiler's two ways where that can be: what it means is the same. */
function compileMutant([file, from, to]) {
  const changed = { ...sources, [file]: sources[file].replace(from, () => to) };
  const { contracts, viaIR = false } = TARGETS[file];
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(changed).map(([path, content]) => [path, { content }])),
    settings: {
      optimizer: { enabled: true, runs: 1 },
      viaIR,
      evmVersion: 'cancun',
      outputSelection: Object.fromEntries(
        contracts.map(([path, contract]) => [path, { [contract]: ['abi', 'evm.bytecode.object'] }]),
      ),
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const problem = (output.errors ?? []).find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw new Error(`Does not compile: ${problem.formattedMessage}`);
  return contracts.map(([path, contract]) => {
    const { abi, evm } = output.contracts[path][contract];
    return { contract, sourceHash: '0x', abi, bytecode: `0x${evm.bytecode.object}` };
  });
}

const kebab = (name) => name.replaceAll(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
const camel = (name) => name[0].toLowerCase() + name.slice(1);

let written = 0;
/** Writes the artifacts where tests can be sent to; answers which module is to be found in which file. */
function writeArtifacts(folder, artifacts) {
  return artifacts.map((artifact) => {
    const file = join(folder, `${artifact.contract}-${(written += 1)}.ts`);
    writeFileSync(file, `export const ${camel(artifact.contract)} = ${JSON.stringify(artifact)};\n`);
    return [`/artifacts/${kebab(artifact.contract)}\\.js$`, file];
  });
}
const project = jestConfig.projects.find(({ displayName }) => displayName === 'contracts');
const QUIET = join(here, 'scripts/no-reporter.mjs');

/** The name of the first test that fails when the package is tested with these artifacts; undefined when none does. */
async function killerOf(artifactFiles, testPathPatterns, testNamePattern) {
  const config = {
    ...project,
    rootDir: here,
    moduleNameMapper: { ...Object.fromEntries(artifactFiles), ...project.moduleNameMapper },
  };
  // A test that takes long has not failed: here as many minutes as it likes.
  const options = {
    config: JSON.stringify(config),
    runInBand: true,
    silent: true,
    testTimeout: 600_000,
    reporters: [QUIET],
  };
  // Gas is another one for other bytecode: that report kills nothing.
  const pattern = { testPathPatterns, ...(testNamePattern && { testNamePattern }) };
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
/** After each, so that a run that is broken off was not for nothing. */
function keepKills() {
  const kept = MUTATIONS.map(nameOf).filter((name) => kills[name] !== undefined);
  const text = JSON.stringify(Object.fromEntries(kept.map((name) => [name, kills[name]])), null, 2);
  writeFileSync(KILLS_FILE, `${text}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-mutate-'));
const survivors = [];
try {
  // What fails without a change would kill everything.
  for (const file of new Set(chosen.map((index) => MUTATIONS[index][0]))) {
    const failed = await killerOf(writeArtifacts(folder, compileMutant([file, '', ''])), TARGETS[file].tests);
    if (failed !== undefined) throw new Error(`Fails with ${file} as it stands: ${failed}`);
  }
  for (const index of chosen) {
    const name = nameOf(MUTATIONS[index]);
    const files = writeArtifacts(folder, compileMutant(MUTATIONS[index]));
    const [file, , , tests = TARGETS[file].tests] = MUTATIONS[index];
    const known = kills[name];
    const killer = (known && (await killerOf(files, tests, exactly(known)))) ?? (await killerOf(files, tests));
    if (killer === undefined) survivors.push(index);
    else {
      kills[name] = killer;
      keepKills();
    }
    console.log(`${killer === undefined ? 'SURVIVED' : 'killed  '} ${index} ${name}${killer ? ` by "${killer}"` : ''}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutations were killed.`);
process.exit(survivors.length === 0 ? 0 : 1);
