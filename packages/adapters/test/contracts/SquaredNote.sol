// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

/// A note that pays notes * price^2 / 1000 above a floor, and the floor below: a value whose formula no adapter knows.
contract SquaredNote {
    IFeed private immutable _feed;
    uint256 private immutable _floorPrice;
    mapping(address => uint256) public notes;

    constructor(IFeed feed, uint256 floorPrice) {
        _feed = feed;
        _floorPrice = floorPrice;
    }

    function issue(address owner, uint256 wad) external {
        notes[owner] += wad;
    }

    /// Numeraire times 1e18. The feed has 8 decimals and must not be an hour old.
    function valueOf(address owner) external view returns (uint256) {
        (, int256 answer, , uint256 updatedAt, ) = _feed.latestRoundData();
        require(answer > 0 && updatedAt + 1 hours > block.timestamp, "stale");
        uint256 price = uint256(answer) > _floorPrice ? uint256(answer) : _floorPrice;
        return (notes[owner] * price * price) / 1e19;
    }
}
