// Writes src/chains/published.ts: tokens and contract addresses as the protocols' own npm packages publish them.
// The packages are packed, checked against the integrity below and read as text; none is installed or run.
//
//   node scripts/update-addresses.mjs           write the file
//   node scripts/update-addresses.mjs --check   exit 1 when the file is not what the packages say
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getAddress } from 'ethers';
import { format, resolveConfig } from 'prettier';
import { list } from 'tar';

const TARGET = fileURLToPath(new URL('../src/chains/published.ts', import.meta.url));

const SOURCES = {
  across: {
    package: '@across-protocol/contracts',
    version: '5.0.27',
    integrity: 'sha512-zp6BEBTDzRGEp7sNvvdRH4jBF2EuTI4RqFWVvhfkO28630Ow2hbCYeYiyTOjEOzAdqt+dn/sba9D9WirfwabWQ==',
  },
  hyperlane: {
    package: '@hyperlane-xyz/registry',
    version: '26.1.0',
    integrity: 'sha512-zk433OpCZcMPsK3r0qG0MqalHYxycp8ydOokpGlQParhnBUO4KukA0K0Nku3HhPIv8Qt8Y45oMpTc6+00svnqg==',
  },
  permit2: {
    package: '@uniswap/permit2-sdk',
    version: '1.4.0',
    integrity: 'sha512-l/aGhfhB93M76vXs4eB8QNwhELE6bs66kh7F1cyobaPtINaVpMmlJv+j3KmHeHwAZIsh7QXyYzhDxs07u0Pe4Q==',
  },
  tokens: {
    package: '@uniswap/default-token-list',
    version: '22.21.0',
    integrity: 'sha512-X6OAvgmVR8lqd8Reyjm8pAozrWZXdfjlgevDSFofKafZD5SFXCMBnLPXImMcMdh0I15hre/1EO0xXL6h37KWYQ==',
  },
  universalRouter: {
    package: '@uniswap/universal-router-sdk',
    version: '5.13.0',
    integrity: 'sha512-eAk5or7kZMV2ZlVr+NN0taDOm8MQs9KMfSEwXvC4ggfufVuswux/uVk2sNFx7C69f2Pj6bXLkZHoNH4xv1eqiA==',
  },
};

/** Chain id to the chain's folder in the Hyperlane registry. */
const CHAINS = { 1: 'ethereum', 10: 'optimism', 137: 'polygon', 8453: 'base', 42161: 'arbitrum' };

/** Symbols of the list that are kept, and the one that we use where it differs. */
const SYMBOLS = { WETH: 'WETH', USDC: 'USDC', USDT: 'USDT', USDT0: 'USDT0', WMATIC: 'WPOL' };

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-addresses-'));
try {
  const files = Object.fromEntries(
    await Promise.all(Object.entries(SOURCES).map(async ([name, source]) => [name, await unpack(source)])),
  );
  const options = { ...(await resolveConfig(TARGET)), parser: 'typescript' };
  const text = await format(render(files), options);
  if (!process.argv.includes('--check')) writeFileSync(TARGET, text);
  else if (readFileSync(TARGET, 'utf8') !== text) {
    console.error('src/chains/published.ts is not what the packages say. Run node scripts/update-addresses.mjs.');
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Text of the small files of a package, by path. */
async function unpack({ package: name, version, integrity }) {
  const [packed] = Object.values(
    JSON.parse(
      execFileSync('npm', ['pack', '--json', `${name}@${version}`], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ),
  );
  const tarball = join(folder, packed.filename);
  const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  if (`sha512-${digest}` !== integrity) throw new Error(`${name}@${version} is not the package that was reviewed.`);
  const files = {};
  await list({
    file: tarball,
    onReadEntry: (entry) => {
      const path = entry.path.replace(/^package\//, '');
      if (
        !/deployed-addresses\.json$|^dist\/chains\/[a-z]+\/(addresses|metadata)\.json$|constants\.js$|tokenlist\.json$/.test(
          path,
        )
      )
        return;
      const parts = [];
      entry.on('data', (part) => parts.push(part));
      entry.on('end', () => (files[path] = Buffer.concat(parts).toString('utf8')));
    },
  });
  return files;
}

function render(files) {
  const across = JSON.parse(files.across['dist/broadcast/deployed-addresses.json']).chains;
  const tokens = JSON.parse(files.tokens['build/uniswap-default.tokenlist.json']).tokens;
  const permit2 = one(files.permit2['dist/cjs/src/constants.js'], /PERMIT2_ADDRESS = '(0x[0-9a-fA-F]{40})'/);
  const routers = Object.entries(files.universalRouter).find(([path]) =>
    path.endsWith('cjs/src/utils/constants.js'),
  )[1];
  const chains = Object.entries(CHAINS).map(([key, folderName]) => {
    const id = Number(key);
    const metadata = JSON.parse(files.hyperlane[`dist/chains/${folderName}/metadata.json`]);
    const hyperlane = JSON.parse(files.hyperlane[`dist/chains/${folderName}/addresses.json`]);
    if (metadata.chainId !== id) throw new Error(`${folderName} is not chain ${id}`);
    const { SpokePool, MulticallHandler } = across[key].contracts;
    return {
      id,
      name: metadata.displayName,
      nativeSymbol: metadata.nativeToken.symbol,
      hyperlaneDomain: metadata.domainId,
      contracts: {
        acrossMulticallHandler: [getAddress(MulticallHandler.address), 'across'],
        acrossSpokePool: [getAddress(SpokePool.address), 'across'],
        hyperlaneMailbox: [getAddress(hyperlane.mailbox), 'hyperlane'],
        permit2: [getAddress(permit2), 'permit2'],
        universalRouter: [getAddress(universalRouter(routers, id)), 'universalRouter'],
      },
      tokens: tokens
        .filter((token) => token.chainId === id && token.symbol in SYMBOLS)
        .map(({ symbol, address, decimals }) => ({ symbol: SYMBOLS[symbol], address: getAddress(address), decimals }))
        .sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
    };
  });
  return `// Generated by scripts/update-addresses.mjs from the packages named in it. Do not edit by hand.
import type { Address } from '@evenkeel/core';

/** A published npm package, with the integrity of the tarball that was read. */
export interface PublishedSource {
  readonly package: string;
  readonly version: string;
  readonly integrity: string;
}

export interface PublishedChain {
  readonly id: number;
  readonly name: string;
  readonly nativeSymbol: string;
  readonly hyperlaneDomain: number;
  /** Address, and the source that gave it. */
  readonly contracts: Readonly<Record<string, readonly [Address, string]>>;
  readonly tokens: readonly { readonly symbol: string; readonly address: Address; readonly decimals: number }[];
}

export const publishedSources: Readonly<Record<string, PublishedSource>> = ${JSON.stringify(SOURCES)};

export const publishedChains: readonly PublishedChain[] = ${JSON.stringify(chains)};
`;
}

/** The first Universal Router with V4 swaps: the one that is longest in use. */
function universalRouter(source, id) {
  const block = one(source, new RegExp(`\\n    \\[${id}\\]: \\{([\\s\\S]*?)\\n    \\},`));
  return one(block, /UniversalRouterVersion\.V2_0\]: \{\s*address: '(0x[0-9a-fA-F]{40})'/);
}

function one(text, pattern) {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`The package has changed: ${pattern} is not there any more.`);
  return match[1];
}
