// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token that calls somebody in the middle of each transfer.
contract HostileToken is ERC20 {
    address private _target;
    bytes private _data;
    bool private _mustSucceed;

    constructor() ERC20("Hostile", "HOST") {}

    function mint(address to, uint256 atoms) external {
        _mint(to, atoms);
    }

    /// @notice Takes from whom it likes.
    function take(address from, uint256 atoms) external {
        (address target, bytes memory nothing) = (_target, "");
        (_target, _data) = (address(0), nothing);
        _burn(from, atoms);
        _target = target;
    }

    function plan(address target, bytes calldata data, bool mustSucceed) external {
        (_target, _data, _mustSucceed) = (target, data, mustSucceed);
    }

    function _update(address from, address to, uint256 atoms) internal override {
        super._update(from, to, atoms);
        if (_target == address(0)) return;
        (bool success, bytes memory data) = _target.call(_data);
        if (!success && _mustSucceed) {
            assembly ("memory-safe") {
                revert(add(data, 32), mload(data))
            }
        }
    }
}
