import { DevnetError } from '../errors.js';
import { extractBytecode } from './bytecode.js';

test.each([
  ['Hardhat', '{"bytecode":"0x6001"}', undefined],
  ['Foundry', '{"bytecode":{"object":"0x6001","linkReferences":{}}}', undefined],
  ['Waffle', '{"bytecode":"6001"}', undefined],
  ['Balancer', '{"creationCode":"0x6001"}', undefined],
  ['TypeChain', 'const _abi = [];\nconst _bytecode = "0x6001";', '_bytecode'],
])('reads %s', (_, source, variable) => {
  expect(extractBytecode(source, variable, 'sample')).toBe('0x6001');
});

test.each([
  ['an interface', '{"bytecode":"0x"}', undefined],
  ['an unlinked contract', '{"bytecode":"0x60__$1234567890123456789012345678901234$__"}', undefined],
  ['half a byte', '{"bytecode":"0x600"}', undefined],
  ['another variable', 'const _code = "0x6001"', '_bytecode'],
])('refuses %s', (_, source, variable) => {
  expect(() => extractBytecode(source, variable, 'sample')).toThrow(DevnetError);
});
