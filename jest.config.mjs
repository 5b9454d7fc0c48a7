import { fileURLToPath } from 'node:url';

// One project a package. Sources run as they are written: swc turns them to CommonJS, and the packages find each other
// by source, so that no build is needed before a test.
const swc = [
  '@swc/jest',
  {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

const beforeEachFile = fileURLToPath(new URL('scripts/test-environment.mjs', import.meta.url));
const besideEachFile = fileURLToPath(new URL('scripts/test-retries.mjs', import.meta.url));

const project = (name) => ({
  displayName: name,
  rootDir: `packages/${name}`,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  transform: { '\\.[cm]?[jt]s$': swc },
  setupFiles: [beforeEachFile],
  setupFilesAfterEnv: [besideEachFile],
  transformIgnorePatterns: ['/node_modules/(?!(@noble|@lifi|ora|chalk|valibot)/)'],
  moduleNameMapper: {
    '^#sdk-core$': '@uniswap/sdk-core',
    '^@evenkeel/adapters/(.*)$': '<rootDir>/../adapters/src/$1/index.ts',
    '^@evenkeel/core/(.*)$': '<rootDir>/../core/src/$1/index.ts',
    '^@evenkeel/contracts/(.*)$': '<rootDir>/../contracts/src/$1/index.ts',
    '^@evenkeel/accounts/(.*)$': '<rootDir>/../accounts/src/$1/index.ts',
    '^@evenkeel/([a-z]+)$': '<rootDir>/../$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
});

export default {
  projects: ['intents', 'core', 'adapters', 'contracts', 'accounts', 'devnet', 'agent'].map(project),
};
