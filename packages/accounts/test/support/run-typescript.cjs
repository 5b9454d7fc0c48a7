// Runs a TypeScript file of this repository in plain Node, as the tests do in jest: by source, with swc.
// node run-typescript.cjs FILE [ARGUMENT …]
const { transformFileSync } = require('@swc/core');
const { existsSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const packages = path.resolve(__dirname, '../../..');
const resolveFilename = Module._resolveFilename;

Module._resolveFilename = function (request, parent, ...rest) {
  const ours = /^@evenkeel\/([a-z]+)(?:\/(.+))?$/.exec(request);
  if (ours) return path.join(packages, ours[1], 'src', ours[2] ?? '', 'index.ts');
  if (/^\.{1,2}\/.*\.js$/.test(request) && parent?.filename.endsWith('.ts')) {
    const source = path.resolve(path.dirname(parent.filename), request.replace(/\.js$/, '.ts'));
    if (existsSync(source)) return source;
  }
  return resolveFilename.call(this, request, parent, ...rest);
};

Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformFileSync(filename, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  });
  module._compile(code, filename);
};

process.argv.splice(1, 1);
require(path.resolve(process.argv[1]));
