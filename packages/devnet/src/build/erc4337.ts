import { concat, getCreate2Address, keccak256 } from 'ethers';
import { DevnetError } from '../errors.js';
import type { Erc4337Contracts } from '../parts.js';
import type { Address, Hex } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { PartContext } from './parts.js';
import { CREATE2_DEPLOYER } from './protocols.js';

const deployer = ACCOUNTS.deployer.address;

/** The salts of the public deployments: bundlers tell versions apart by the addresses that come out. */
const ENTRY_POINT_V07_SALT = '0x90d8084deab30c2a37c45e8d47f49f2f7965183cb6990a98943ef94940681de3';
const ENTRY_POINT_V08_SALT = '0x0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9';
const ZERO_SALT = `0x${'00'.repeat(32)}`;
const ENTRY_POINT_V07: Address = '0x0000000071727De22E5E9d8BAf0edAc6f37da032';
const ENTRY_POINT_V08: Address = '0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108';

/** Native coin that the paymaster has at its entry point. */
const PAYMASTER_DEPOSIT_WEI = 100n * 10n ** 18n;

/** Both entry points, and an account of each kind that their packages bring. */
export async function buildErc4337({ artifacts, builder }: PartContext): Promise<Erc4337Contracts> {
  const deployCanonically = (contract: string, salt: string): Address => {
    const code = artifacts[contract] as Hex;
    builder.sendRaw(deployer, CREATE2_DEPLOYER, concat([salt, code]), `deployment of ${contract}`);
    return getCreate2Address(CREATE2_DEPLOYER, salt, keccak256(code)) as Address;
  };
  const entryPointV07 = deployCanonically('EntryPointV07', ENTRY_POINT_V07_SALT);
  const entryPointV08 = deployCanonically('EntryPointV08', ENTRY_POINT_V08_SALT);
  if (entryPointV07 !== ENTRY_POINT_V07 || entryPointV08 !== ENTRY_POINT_V08) {
    throw new DevnetError(
      'DEPLOYMENT_FAILED',
      'The entry points are not where they are on public chains. Report this.',
    );
  }
  const entryPointV09 = deployCanonically('EntryPointV09', ZERO_SALT);
  const simple7702Account = deployCanonically('Simple7702AccountV08', ZERO_SALT);
  const factory = (version: 'V07' | 'V08', entryPoint: Address): Address =>
    builder.deploy(deployer, `SimpleAccountFactory${version}`, ['address'], [entryPoint]);
  const simpleAccountFactoryV07 = factory('V07', entryPointV07);
  const simpleAccountFactoryV08 = factory('V08', entryPointV08);
  await builder.flush();
  const signer = ACCOUNTS.owner.address;
  const types = ['address', 'address'];
  const verifyingPaymasterV07 = builder.deploy(deployer, 'VerifyingPaymasterV07', types, [entryPointV07, signer]);
  builder.send(deployer, entryPointV07, 'depositTo(address)', [verifyingPaymasterV07], PAYMASTER_DEPOSIT_WEI);
  await builder.flush();
  return Object.freeze({
    entryPointV07,
    entryPointV08,
    entryPointV09,
    simple7702Account,
    simpleAccountFactoryV07,
    simpleAccountFactoryV08,
    verifyingPaymasterV07,
  });
}
