#!/usr/bin/env node
// Writes docs/errors.md from the sources: every stable error code with its class's own words. `--check` fails when the
// page no longer says what the sources do.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(root, 'docs', 'errors.md');
const CODE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;

/** The unions of reason codes that are no errors, and what they are reasons for. */
const REASONS = {
  HoldReason: 'A decision not to trade (`decision.code` of `--json`)',
  TradeReason: 'A decision to trade',
  RefusalCode: 'An offer that is left out of the round, with the adapter that made it',
};

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts')) yield path;
  }
}

function parse(path) {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2022, true);
}

function* nodesOf(node) {
  yield node;
  const children = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

const literal = (node) => (node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined);

/** A class's JSDoc as one line, without the sentence that only repeats the code. */
function meaningOf(node, code) {
  const [doc] = node.jsDoc ?? [];
  const text = ts.getTextOfJSDocComment(doc?.comment) ?? '';
  const spoken = text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replace(new RegExp(` ?Code \`${code}\`(?:[.;])`), '')
    .trim();
  return spoken.replaceAll(/(?<=\. )[a-z]/g, (letter) => letter.toUpperCase());
}

/** What an options object says of a property: its literal, `varies` when it is computed, nothing when it is not there. */
function optionOf(call, name) {
  const options = call.arguments.find((each) => ts.isObjectLiteralExpression(each));
  const property = options?.properties.find((each) => each.name?.getText() === name);
  if (property === undefined) return undefined;
  if (!ts.isPropertyAssignment(property)) return 'varies';
  const value = property.initializer;
  if (value.kind === ts.SyntaxKind.TrueKeyword) return 'yes';
  if (value.kind === ts.SyntaxKind.FalseKeyword) return 'no';
  return literal(value) ?? 'varies';
}

function errorsOf(path) {
  const found = [];
  const packageName = `@evenkeel/${relative(join(root, 'packages'), path).split('/')[0]}`;
  const add = (code, call, meaning) =>
    found.push({
      code,
      meaning,
      hint: optionOf(call, 'hint'),
      retryable: optionOf(call, 'retryable') ?? 'no',
      packageName,
    });
  for (const node of nodesOf(parse(path))) {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) {
      const code = literal(node.arguments[0]);
      if (code === undefined || !CODE.test(code)) continue;
      let owner = node.parent;
      while (!ts.isClassDeclaration(owner)) owner = owner.parent;
      add(code, node, meaningOf(owner, code));
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'EvenkeelError') {
      const code = literal(node.arguments?.[0]);
      if (code !== undefined && CODE.test(code)) add(code, node, literal(node.arguments[1]) ?? '');
    }
  }
  return found;
}

/** Every `type Name = 'A' | 'B'` of the sources whose members are codes. */
function unionsOf(path) {
  const unions = new Map();
  for (const node of nodesOf(parse(path))) {
    if (!ts.isTypeAliasDeclaration(node) || !ts.isUnionTypeNode(node.type)) continue;
    const members = node.type.types.map((type) => (ts.isLiteralTypeNode(type) ? literal(type.literal) : undefined));
    if (members.every((member) => member !== undefined && CODE.test(member))) unions.set(node.name.text, members);
  }
  return unions;
}

/** Codes with which the execution ends a step: arguments of its `end` and `abandon`. */
function outcomesOf(path) {
  const codes = [];
  for (const node of nodesOf(parse(path))) {
    if (!ts.isCallExpression(node) || node.expression.getText() !== 'end') continue;
    const state = literal(node.arguments[2]);
    const code = literal(node.arguments[3]);
    if (state !== undefined && code !== undefined) codes.push({ code, state });
  }
  return codes;
}

const files = readdirSync(join(root, 'packages'))
  .sort()
  .flatMap((name) => [...sources(join(root, 'packages', name, 'src'))].sort());
const errors = files.flatMap(errorsOf);
const unions = new Map(files.flatMap((path) => [...unionsOf(path)]));
const outcomes = files.filter((path) => path.includes('core/src/execution/')).flatMap(outcomesOf);

/** One row a code; where several packages have a class for it, the first one's words and all their names. */
function rowsOf(all) {
  const rows = new Map();
  for (const error of all) {
    const known = rows.get(error.code);
    if (known === undefined) rows.set(error.code, { ...error, packages: [error.packageName] });
    else if (!known.packages.includes(error.packageName)) known.packages.push(error.packageName);
  }
  return [...rows.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

const cell = (text) => text.replaceAll('|', '\\|');
const rows = rowsOf(errors).map(({ code, hint, meaning, packages, retryable }) => {
  const way = hint === undefined || hint === 'varies' ? 'in the message' : hint;
  return `| \`${code}\` | ${cell(meaning)} | ${cell(way)} | ${retryable} | ${packages.join(', ')} |`;
});
const reasons = Object.entries(REASONS).map(([name, title]) => {
  const members = unions.get(name);
  if (members === undefined)
    throw new Error(`No union ${name} in the sources: correct REASONS in ${import.meta.filename}.`);
  return `- ${title}: ${members.map((code) => `\`${code}\``).join(', ')}.`;
});
const ends = [...new Map(outcomes.map((each) => [each.code, each])).values()].map(
  ({ code, state }) => `\`${code}\` (${state})`,
);
const devnet = unions.get('DevnetErrorCode').map((code) => `\`${code}\``);

const text = `<!-- Written by scripts/error-codes.mjs from the sources. Do not edit by hand. -->

# Errors

Everything that an Evenkeel package throws on purpose is an \`EvenkeelError\`. \`code\` is stable over releases: compare
it, or the class, never the message. \`field\` names the input that is wrong, \`value\` what was there, \`hint\` the way out,
\`retryable\` whether the same call may succeed later although nobody changes anything. \`toJSON()\` gives a plain record;
the command prints it under \`--json\`. No error carries a key, and nodes are named by scheme and host only.

\`\`\`js
try {
  await rebalancer.rebalance();
} catch (error) {
  if (error instanceof EvenkeelError && error.retryable) scheduleAnotherTry(error.code);
  else throw error;
}
\`\`\`

An error that is neither an \`EvenkeelError\` nor the reason of your own \`AbortSignal\` is a bug of ours.

## Codes

"varies" in the column *again* means that it depends on the case: read \`retryable\`.

| code | what it means | way out | again | package |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

\`@evenkeel/devnet\` imports none of the other packages and throws a \`DevnetError\` of its own, with \`code\` one of
${devnet.join(', ')}.

## Reasons that are no errors

${reasons.join('\n')}
- How a step of an execution ended: ${ends.join(', ')}; or the code of the error that the last check before signing met.
`;

const config = await prettier.resolveConfig(page);
const formatted = await prettier.format(text, { ...config, filepath: page });

if (process.argv.includes('--check')) {
  const committed = readFileSync(page, 'utf8');
  if (committed === formatted) {
    console.log(`docs/errors.md says what the sources do: ${rows.length} codes.`);
  } else {
    console.error(
      'docs/errors.md has drifted from the sources. Run `node scripts/error-codes.mjs` and commit the page.',
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(page, formatted);
  console.log(`docs/errors.md: ${rows.length} codes.`);
}
