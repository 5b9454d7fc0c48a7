import type { OneinchLopContracts } from '../parts.js';
import { ACCOUNTS } from './accounts.js';
import { signBook } from './limit-orders.js';
import type { PartContext } from './parts.js';
import { MAX_UINT256 } from './protocols.js';
import { ETH_PRICE_USDC } from './seed.js';
import { mint } from './tokens.js';

const { deployer, maker } = ACCOUNTS;
/** What the maker needs to stand for all its orders several times over. */
const STOCK = { eth: 500n, dollars: 2_000_000n } as const;

/** The order protocol, and a maker who has signed bids and asks and allowed it to take what they promise. */
export async function buildOneinchLop({ builder, tokens }: PartContext): Promise<OneinchLopContracts> {
  const { USDC, WETH } = tokens;
  const types = ['address'];
  const limitOrderProtocol = builder.deploy(deployer.address, 'OneinchLimitOrderProtocol', types, [WETH.address]);
  mint(builder, WETH, maker.address, STOCK.eth * 10n ** 18n);
  mint(builder, USDC, maker.address, STOCK.dollars * 10n ** 6n);
  for (const token of [WETH, USDC]) {
    builder.send(maker.address, token.address, 'approve(address,uint256)', [limitOrderProtocol, MAX_UINT256]);
  }
  await builder.flush();
  const usdcAtomsPerEth = BigInt(ETH_PRICE_USDC) * 10n ** 6n;
  const orders = await signBook({ limitOrderProtocol, maker, weth: WETH, usdc: USDC, usdcAtomsPerEth, epoch: 0n });
  return Object.freeze({ limitOrderProtocol, orders });
}
