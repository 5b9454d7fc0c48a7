import type { Artifacts } from '../artifacts/fetch.js';
import type { ChainParts, WorldPart } from '../parts.js';
import type { Builder } from './builder.js';
import { buildAaveV3 } from './aave-v3.js';
import { buildDelegation } from './delegation.js';
import { buildErc4337 } from './erc4337.js';
import { buildLyra } from './lyra.js';
import { buildOneinchLop } from './oneinch-lop.js';
import { buildPerpV2 } from './perp-v2.js';
import { buildSafe } from './safe.js';
import { buildSynthetixPerps } from './synthetix-perps.js';
import type { ChainTokens } from './tokens.js';
import type { UniswapContracts } from './uniswap.js';

/** What the protocols that are there only when asked for may build upon. */
export interface PartContext {
  readonly builder: Builder;
  readonly artifacts: Artifacts;
  readonly tokens: ChainTokens;
  readonly uniswap: UniswapContracts;
}

/** Deploys and fills the parts that were asked for, one after another. */
export async function buildParts(context: PartContext, parts: readonly WorldPart[]): Promise<ChainParts> {
  return Object.freeze({
    ...(parts.includes('perp-v2') && { perpV2: await buildPerpV2(context) }),
    ...(parts.includes('aave-v3') && { aaveV3: await buildAaveV3(context) }),
    ...(parts.includes('oneinch-lop') && { oneinchLop: await buildOneinchLop(context) }),
    ...(parts.includes('erc4337') && { erc4337: await buildErc4337(context) }),
    ...(parts.includes('synthetix-perps') && { synthetixPerps: await buildSynthetixPerps(context) }),
    ...(parts.includes('delegation') && { delegation: await buildDelegation(context) }),
    ...(parts.includes('safe') && { safe: await buildSafe(context) }),
    ...(parts.includes('lyra') && { lyra: await buildLyra(context) }),
  });
}
