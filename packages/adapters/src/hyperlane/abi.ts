import { Interface } from 'ethers';

/** Full signature: the name is overloaded. */
export const TRANSFER_REMOTE = 'transferRemote(uint32,bytes32,uint256)';

/** `HypERC20Collateral` of @hyperlane-xyz/core, as far as senders need it. */
export const warpRouterAbi: Interface = new Interface([
  `function ${TRANSFER_REMOTE} payable returns (bytes32 messageId)`,
  'function wrappedToken() view returns (address)',
  'function routers(uint32 domain) view returns (bytes32)',
  'function scale() view returns (uint256)',
  'function quoteGasPayment(uint32 destination) view returns (uint256)',
  'function quoteTransferRemote(uint32 destination, bytes32 recipient, uint256 amount) view returns (tuple(address token, uint256 amount)[])',
  'event ReceivedTransferRemote(uint32 indexed origin, bytes32 indexed recipient, uint256 amount)',
]);

/** `IMailbox`. */
export const mailboxAbi: Interface = new Interface([
  'function delivered(bytes32 messageId) view returns (bool)',
  'function process(bytes metadata, bytes message) payable',
  'event Dispatch(address indexed sender, uint32 indexed destination, bytes32 indexed recipient, bytes message)',
  'event ProcessId(bytes32 indexed messageId)',
]);
