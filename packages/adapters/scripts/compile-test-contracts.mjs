// Compiles the contracts of the tests: node scripts/compile-test-contracts.mjs. The compiler and OpenZeppelin's sources
// come by npm into a scratch folder at these versions; what is written are the creation bytecodes beside the sources.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = ['solc@0.8.28', '@openzeppelin/contracts@5.1.0'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'test', 'contracts');
const CONTRACTS = [
  'ShareVault',
  'OptionLedger',
  'SquaredNote',
  'RangeValuer',
  'OwnedAccount',
  'SpoiltToken',
  'StandInInputSettler',
  'StandInOutputSettler',
];

const scratch = mkdtempSync(join(tmpdir(), 'evenkeel-solc-'));
try {
  writeFileSync(join(scratch, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--ignore-scripts', '--silent', ...PACKAGES], { cwd: scratch, stdio: 'inherit' });
  const solc = createRequire(join(scratch, 'package.json'))('solc');
  const sources = Object.fromEntries(
    CONTRACTS.map((name) => [
      `test/contracts/${name}.sol`,
      { content: readFileSync(join(folder, `${name}.sol`), 'utf8') },
    ]),
  );
  const settings = {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: 'paris',
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: { '*': { '*': ['evm.bytecode.object'] } },
  };
  const readImport = (path) => {
    const file = path.startsWith('@') ? join(scratch, 'node_modules', path) : join(root, path);
    return { contents: readFileSync(file, 'utf8') };
  };
  const input = JSON.stringify({ language: 'Solidity', sources, settings });
  const output = JSON.parse(solc.compile(input, { import: readImport }));
  const errors = (output.errors ?? []).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'));
  for (const name of CONTRACTS) {
    const { object } = output.contracts[`test/contracts/${name}.sol`][name].evm.bytecode;
    const file = join(folder, `${name}.json`);
    writeFileSync(file, `${JSON.stringify({ bytecode: `0x${object}` })}\n`);
    console.log(`${relative(root, file)}: ${object.length / 2} bytes`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
