// The workflows of the repository, and what npm has installed for their tests.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const installed = createRequire(`${root}/target/workflows/package.json`);

const { parse } = installed('yaml');
const folder = `${root}/.github/workflows`;

export const workflows = readdirSync(folder)
  .filter((name) => /\.ya?ml$/.test(name))
  .map((name) => {
    const text = readFileSync(`${folder}/${name}`, 'utf8');
    return { name, text, content: parse(text) };
  });
