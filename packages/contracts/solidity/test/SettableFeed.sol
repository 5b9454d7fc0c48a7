// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Stands for a price feed on local chains: whoever deployed it says what the price is.
contract SettableFeed {
    address public immutable keeper = msg.sender;
    int192 public answer;
    uint64 public updatedAt;

    error NotKeeper();

    constructor(int192 answer_) {
        answer = answer_;
        updatedAt = uint64(block.timestamp);
    }

    function set(int192 answer_, uint64 updatedAt_) external {
        if (msg.sender != keeper) revert NotKeeper();
        answer = answer_;
        updatedAt = updatedAt_;
    }

    function decimals() external pure returns (uint8) {
        return 8;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, answer, updatedAt, updatedAt, 1);
    }
}
