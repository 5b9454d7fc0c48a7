#!/usr/bin/env node
// Takes the checks out of the sources one by one, and shows that a test fails each time. `--only N` runs one of them,
// `--list` names them. Restores what was there, however it ends.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(here, '..', '..');
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
  [SOURCES, 'if (answer <= 0) revert IDeltaBand.FeedBroken(answer);', ''],
  [SOURCES, 'updatedAt > block.timestamp ||', 'false ||'],
  [SOURCES, 'block.timestamp - updatedAt > market.feedMaxAgeSeconds', 'false'],
];

const args = process.argv.slice(2);
const chosen = args.includes('--only')
  ? args[args.indexOf('--only') + 1].split(',').map(Number)
  : MUTATIONS.map((_, index) => index);
if (args.includes('--list')) {
  MUTATIONS.forEach(([file, from, to], index) =>
    console.log(`${index} ${file}: ${from.trim()} -> ${to.trim() || 'nothing'}`),
  );
  process.exit(0);
}

const artifact = join(here, 'src/artifacts/delta-band-module.ts');
const original = readFileSync(artifact, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-mutate-'));
const survivors = [];
try {
  for (const index of chosen) {
    const [file, from, to] = MUTATIONS[index];
    cpSync(join(here, 'solidity'), folder, { recursive: true, force: true });
    const source = readFileSync(join(folder, file), 'utf8');
    if (source.split(from).length !== 2)
      throw new Error(`Mutation ${index} fits ${source.split(from).length - 1} places of ${file}: ${from}`);
    writeFileSync(
      join(folder, file),
      source.replace(from, () => to),
    );
    const compiled = spawnSync(
      process.execPath,
      [join(here, 'scripts/compile.mjs'), '--only', folder, '--contract', 'DeltaBandModule'],
      {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      },
    );
    if (compiled.status !== 0) throw new Error(`Mutation ${index} does not compile:\n${compiled.stderr}`);
    const { DeltaBandModule } = JSON.parse(compiled.stdout);
    writeFileSync(artifact, original.replace(/bytecode:\s*'0x[0-9a-f]+'/, `bytecode: '${DeltaBandModule}'`));
    const jest = spawnSync(
      process.execPath,
      [join(root, 'node_modules/jest/bin/jest.js'), '--selectProjects', 'contracts', '--bail', '--silent'],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    const killed = jest.status !== 0;
    if (!killed) survivors.push(index);
    console.log(`${killed ? 'killed  ' : 'SURVIVED'} ${index} ${file}: ${from.trim().slice(0, 100)}`);
  }
} finally {
  writeFileSync(artifact, original);
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutations were killed.`);
process.exit(survivors.length === 0 ? 0 : 1);
