#!/usr/bin/env node
// One committed report of the public API per entry point, under packages/*/api. A change of the API shows up in review;
// without `--update`, drift fails.
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { publishable } from './workspaces.mjs';

const update = process.argv.includes('--update');
let failed = false;
for (const { name, folder, entries } of publishable()) {
  for (const { specifier, subpath, types } of entries) {
    const report = subpath === '.' ? 'index' : subpath.slice(2).replaceAll('/', '-');
    mkdirSync(join(folder, 'api'), { recursive: true });
    const config = ExtractorConfig.prepare({
      configObjectFullPath: join(folder, 'api-extractor.json'),
      packageJsonFullPath: join(folder, 'package.json'),
      configObject: {
        projectFolder: folder,
        mainEntryPointFilePath: types,
        compiler: { tsconfigFilePath: join(folder, 'tsconfig.json') },
        apiReport: {
          enabled: true,
          reportFileName: `${report}.api.md`,
          reportFolder: join(folder, 'api'),
          reportTempFolder: join(folder, 'dist', '.api'),
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        newlineKind: 'lf',
        messages: {
          compilerMessageReporting: { default: { logLevel: 'none' } },
          extractorMessageReporting: { default: { logLevel: 'none' } },
          tsdocMessageReporting: { default: { logLevel: 'none' } },
        },
      },
    });
    const result = Extractor.invoke(config, {
      localBuild: update,
      showVerboseMessages: false,
      messageCallback: (message) => (message.handled = true),
    });
    if (result.apiReportChanged && !update) {
      failed = true;
      console.error(`${specifier}: the public API differs from packages/${name.split('/')[1]}/api/${report}.api.md.`);
    }
  }
}
if (failed) console.error('If the change is meant, run `npm run api` and commit the reports.');
process.exit(failed ? 1 : 0);
