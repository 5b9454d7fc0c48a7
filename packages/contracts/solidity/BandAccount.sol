// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {AccountERC7579} from "@openzeppelin/contracts/account/extensions/draft-AccountERC7579.sol";
import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {IEntryPoint} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {
    IERC7579Module,
    MODULE_TYPE_EXECUTOR,
    MODULE_TYPE_VALIDATOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ERC7579Utils} from "@openzeppelin/contracts/account/utils/draft-ERC7579Utils.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignerEIP7702} from "@openzeppelin/contracts/utils/cryptography/signers/SignerEIP7702.sol";

/// @notice An ERC-7579 account to which an EOA delegates by EIP-7702. Its owner is the EOA's own key.
/// @dev The owner can sign the root of a Merkle tree (sorted pairs) whose leaves are hashes of user operations. Each hash binds
/// chain, entry point, sender and nonce: so one signature authorizes one operation on each of many chains.
contract BandAccount is AccountERC7579, SignerEIP7702 {
    bytes32 private constant OPERATIONS_TYPE = keccak256("Operations(bytes32 root)");
    IEntryPoint private immutable _entryPoint;
    /// @custom:storage-location erc7201:evenkeel.band-account.modules
    struct Modules {
        /// @dev A bit for each type that the module is installed as: one word serves validation and execution.
        mapping(address module => uint256) types;
    }
    /// @dev keccak256(abi.encode(uint256(keccak256("evenkeel.band-account.modules")) - 1)) & ~bytes32(uint256(0xff)): an EOA may
    /// have delegated to other contracts before, whose storage is elsewhere.
    bytes32 private constant MODULES = 0xebbd882d101535bfdce46cc8d1ab05bc26e44d7d365b6087d14b764894fbd800;
    bytes32 private immutable _everywhere = keccak256(
        abi.encode(
            keccak256("EIP712Domain(string name,string version)"),
            keccak256("Evenkeel operations"),
            keccak256("1")
        )
    );

    constructor(IEntryPoint entryPoint_) {
        _entryPoint = entryPoint_;
    }

    /// @inheritdoc Account
    function entryPoint() public view override returns (IEntryPoint) {
        return _entryPoint;
    }

    /// @inheritdoc AccountERC7579
    function accountId() public pure override returns (string memory) {
        return "evenkeel.band-account.1.0.0";
    }

    /// @inheritdoc AccountERC7579
    function isModuleInstalled(
        uint256 moduleTypeId,
        address module,
        bytes calldata additionalContext
    ) public view override returns (bool) {
        if (!_isKept(moduleTypeId)) return super.isModuleInstalled(moduleTypeId, module, additionalContext);
        return _modules().types[module] & (1 << moduleTypeId) != 0;
    }

    /// @dev As the base does it, but for where it is kept.
    function _installModule(uint256 moduleTypeId, address module, bytes memory initData) internal override {
        if (!_isKept(moduleTypeId)) return super._installModule(moduleTypeId, module, initData);
        if (!IERC7579Module(module).isModuleType(moduleTypeId)) {
            revert ERC7579Utils.ERC7579MismatchedModuleTypeId(moduleTypeId, module);
        }
        uint256 types = _modules().types[module];
        if (types & (1 << moduleTypeId) != 0) {
            revert ERC7579Utils.ERC7579AlreadyInstalledModule(moduleTypeId, module);
        }
        _modules().types[module] = types | (1 << moduleTypeId);
        IERC7579Module(module).onInstall(initData);
        emit ModuleInstalled(moduleTypeId, module);
    }

    /// @dev As the base does it, but for where it is kept.
    function _uninstallModule(uint256 moduleTypeId, address module, bytes memory deInitData) internal override {
        if (!_isKept(moduleTypeId)) return super._uninstallModule(moduleTypeId, module, deInitData);
        uint256 types = _modules().types[module];
        if (types & (1 << moduleTypeId) == 0) revert ERC7579Utils.ERC7579UninstalledModule(moduleTypeId, module);
        _modules().types[module] = types ^ (1 << moduleTypeId);
        IERC7579Module(module).onUninstall(deInitData);
        emit ModuleUninstalled(moduleTypeId, module);
    }

    function _isKept(uint256 moduleTypeId) private pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_VALIDATOR || moduleTypeId == MODULE_TYPE_EXECUTOR;
    }

    function _modules() private pure returns (Modules storage modules) {
        assembly ("memory-safe") {
            modules.slot := MODULES
        }
    }

    /// @notice The owner's own signature of 65 bytes, or what an installed validator says.
    function isValidSignature(
        bytes32 hash,
        bytes calldata signature
    ) public view override returns (bytes4) {
        if (SignerEIP7702._rawSignatureValidation(hash, signature)) return IERC1271.isValidSignature.selector;
        return super.isValidSignature(hash, signature);
    }

    /// @dev 65 bytes: of the operation. With so many words more: of the root, and the proof.
    function _rawSignatureValidation(
        bytes32 hash,
        bytes calldata signature
    ) internal view override(AccountERC7579, SignerEIP7702) returns (bool) {
        if (signature.length <= 65) return SignerEIP7702._rawSignatureValidation(hash, signature);
        if ((signature.length - 65) % 32 != 0) return false;
        bytes32[] calldata proof;
        assembly ("memory-safe") {
            proof.offset := add(signature.offset, 65)
            proof.length := div(sub(signature.length, 65), 32)
        }
        bytes32 root = MerkleProof.processProofCalldata(proof, hash);
        bytes32 digest = MessageHashUtils.toTypedDataHash(_everywhere, keccak256(abi.encode(OPERATIONS_TYPE, root)));
        return SignerEIP7702._rawSignatureValidation(digest, signature[:65]);
    }
}
