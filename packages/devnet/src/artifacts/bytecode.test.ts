import { id } from 'ethers';
import { DevnetError } from '../errors.js';
import { extractBytecode, linkLibraries } from './bytecode.js';

test.each([
  ['Hardhat', '{"bytecode":"0x6001"}', undefined],
  ['Foundry', '{"bytecode":{"object":"0x6001","linkReferences":{}}}', undefined],
  ['Waffle', '{"bytecode":"6001"}', undefined],
  ['Balancer', '{"creationCode":"0x6001"}', undefined],
  ['one of several', '{"sources":{"Vault":{"bytecode":"6001"}}}', 'sources.Vault'],
  ['TypeChain', 'const _abi = [];\nconst _bytecode = "0x6001";', '_bytecode'],
])('reads %s', (_, source, variable) => {
  expect(extractBytecode(source, variable, 'sample')).toBe('0x6001');
});

test.each([
  ['an interface', '{"bytecode":"0x"}', undefined],
  ['a place of a library that is too short', '{"bytecode":"0x60__$123456$__"}', undefined],
  ['half a byte', '{"bytecode":"0x600"}', undefined],
  ['another of several', '{"sources":{"Vault":{"bytecode":"6001"}}}', 'sources.Safe'],
  ['another variable', 'const _code = "0x6001"', '_bytecode'],
])('refuses %s', (_, source, variable) => {
  expect(() => extractBytecode(source, variable, 'sample')).toThrow(DevnetError);
});

describe('libraries', () => {
  const name = 'contracts/lib/Sums.sol:Sums';
  const unlinked = `0x60__$${id(name).slice(2, 36)}$__01`;
  const address = '0x1111111111111111111111111111111111111111';

  test('are put where the compiler left their places', () => {
    const code = extractBytecode(JSON.stringify({ bytecode: unlinked }), undefined, 'sample');
    expect(linkLibraries(code, { [name]: address }, 'sample')).toBe(`0x60${address.slice(2)}01`);
  });

  test('that are not named leave the contract refused', () => {
    const link = () => linkLibraries(unlinked as `0x${string}`, { 'contracts/lib/Other.sol:Other': address }, 'sample');
    expect(link).toThrow(expect.objectContaining({ code: 'ARTIFACT_INVALID' }));
  });
});
