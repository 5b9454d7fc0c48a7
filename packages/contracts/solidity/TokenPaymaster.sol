// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {PaymasterERC20} from "@openzeppelin/contracts/account/paymaster/extensions/PaymasterERC20.sol";
import {Paymaster} from "@openzeppelin/contracts/account/paymaster/Paymaster.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPriceFeed} from "./libraries/PriceSources.sol";

/// @notice Pays for gas and takes a token for it, at the price of a feed and a margin.
/// @dev Reads the feed while it validates: it needs a stake at the entry point (ERC-7562).
contract TokenPaymaster is PaymasterERC20, Ownable {
    IEntryPoint private immutable _entryPoint;
    IERC20 public immutable token;
    IPriceFeed public immutable feed;
    /// @dev Atoms of the token for 10^18 wei at an answer of one; the feed's decimals are in it.
    uint256 public immutable scaleNumerator;
    uint256 public immutable scaleDenominator;
    uint256 public immutable marginBps;
    /// @notice Operations that the owner gives an account for nothing: its first one cannot have approved the token yet.
    mapping(address account => uint256) public freeOperations;

    event FreeOperationsGiven(address indexed account, uint256 count);

    constructor(
        IEntryPoint entryPoint_,
        IERC20 token_,
        IPriceFeed feed_,
        uint256 scaleNumerator_,
        uint256 scaleDenominator_,
        uint256 marginBps_,
        address owner_
    ) Ownable(owner_) {
        _entryPoint = entryPoint_;
        token = token_;
        feed = feed_;
        scaleNumerator = scaleNumerator_;
        scaleDenominator = scaleDenominator_;
        marginBps = marginBps_;
    }

    /// @inheritdoc Paymaster
    function entryPoint() public view override returns (IEntryPoint) {
        return _entryPoint;
    }

    /// @notice Adds to the stake that lets it read other contracts' storage while validating.
    function addStake(uint32 unstakeDelaySeconds) external payable onlyOwner {
        _addStake(msg.value, unstakeDelaySeconds);
    }

    /// @notice Lets an account make so many operations for nothing.
    function giveFreeOperations(address account, uint256 count) external onlyOwner {
        freeOperations[account] = count;
        emit FreeOperationsGiven(account, count);
    }

    function withdraw(address payable to, uint256 valueWei) external onlyOwner {
        _withdraw(to, valueWei);
    }

    function withdrawTokens(address to, uint256 atoms) external onlyOwner {
        _withdrawTokens(token, to, atoms);
    }

    /// @inheritdoc PaymasterERC20
    function _validatePaymasterUserOp(
        PackedUserOperation calldata userOp,
        bytes32 userOpHash,
        uint256 maxCost
    ) internal override returns (bytes memory context, uint256 validationData) {
        // Asked for by a byte of data: who pays need not have it looked up.
        if (userOp.paymasterAndData.length == 52) return super._validatePaymasterUserOp(userOp, userOpHash, maxCost);
        uint256 free = freeOperations[userOp.sender];
        if (free == 0) return ("", 1);
        freeOperations[userOp.sender] = free - 1;
        return ("", 0);
    }

    /// @inheritdoc PaymasterERC20
    function _fetchDetails(
        PackedUserOperation calldata,
        bytes32
    ) internal view override returns (uint256 validationData, IERC20 token_, uint256 tokenPerNative) {
        (, int256 answer, , , ) = feed.latestRoundData();
        if (answer <= 0) return (1, token, 0);
        tokenPerNative = (uint256(answer) * scaleNumerator * (10_000 + marginBps)) / (scaleDenominator * 10_000);
        return (0, token, tokenPerNative);
    }
}
