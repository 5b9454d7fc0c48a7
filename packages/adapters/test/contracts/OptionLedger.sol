// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IOptionBookView} from "../../src/option-book/IOptionBookView.sol";

/// A ledger of options that anybody may write into.
contract OptionLedger is IOptionBookView {
    mapping(address => OptionView[]) private _options;

    function write(address owner, OptionView calldata option) external {
        _options[owner].push(option);
    }

    function optionCount(address owner) external view returns (uint256) {
        return _options[owner].length;
    }

    function optionsOf(address owner) external view returns (OptionView[] memory) {
        return _options[owner];
    }
}
