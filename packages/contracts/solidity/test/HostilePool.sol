// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

interface ICallback {
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}

/// @notice A venue that does what it likes: what a careless owner might have put on the list.
contract HostilePool {
    struct Plan {
        /// @dev What it asks for, in percent of what was ordered, in each call back.
        uint256[] askPercent;
        /// @dev What it gives, in atoms of the token that comes out.
        IERC20 gives;
        uint256 amount;
        /// @dev Called in between, with a failure passed on or not.
        address target;
        bytes data;
        bool mustSucceed;
    }
    Plan private _plan;
    int56 private _tick;

    function setTick(int56 tick) external {
        _tick = tick;
    }

    /// @notice A pool that has not been traded in for a long time.
    function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool) {
        return (0, int24(_tick), 0, 1, 1, 0, true);
    }

    function observations(uint256) external pure returns (uint32, int56, uint160, bool) {
        return (1, 0, 0, true);
    }

    /// @notice A mean price as it likes.
    function observe(uint32[] calldata ago) external view returns (int56[] memory ticks, uint160[] memory spans) {
        ticks = new int56[](ago.length);
        spans = new uint160[](ago.length);
        for (uint256 at = 0; at < ago.length; at++) ticks[at] = -int56(uint56(ago[at])) * _tick;
    }

    function plan(Plan calldata plan_) external {
        _plan = plan_;
    }

    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160,
        bytes calldata
    ) external returns (int256, int256) {
        for (uint256 at = 0; at < _plan.askPercent.length; at++) {
            int256 asked = (amountSpecified * int256(_plan.askPercent[at])) / 100;
            ICallback(msg.sender).uniswapV3SwapCallback(zeroForOne ? asked : -asked, zeroForOne ? -asked : asked, "");
        }
        if (_plan.target != address(0)) {
            (bool success, bytes memory data) = _plan.target.call(_plan.data);
            if (!success && _plan.mustSucceed) {
                assembly ("memory-safe") {
                    revert(add(data, 32), mload(data))
                }
            }
        }
        if (_plan.amount > 0) _plan.gives.transfer(recipient, _plan.amount);
        return (0, 0);
    }
}
