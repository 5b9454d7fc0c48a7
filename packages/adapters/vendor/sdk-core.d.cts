export * from '@uniswap/sdk-core';
