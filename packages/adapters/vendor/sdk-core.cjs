// The package's ES modules import each other without file extensions, which Node refuses; its CommonJS build is whole.
module.exports = require('@uniswap/sdk-core');
