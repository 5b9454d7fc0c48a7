// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token that is fine until it is told to be otherwise: then it reverts when somebody is paid from an allowance, or keeps
/// a hundredth of every transfer.
contract SpoiltToken is ERC20 {
    enum Mood {
        Fine,
        Refusing,
        Keeping
    }

    Mood public mood;

    constructor() ERC20("Spoilt", "SPOILT") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function become(Mood mood_) external {
        mood = mood_;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        require(mood != Mood.Refusing, "SpoiltToken: not today");
        return super.transferFrom(from, to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        bool keeps = mood == Mood.Keeping && from != address(0) && to != address(0);
        if (keeps) super._update(from, address(this), amount / 100);
        super._update(from, to, keeps ? amount - amount / 100 : amount);
    }
}
