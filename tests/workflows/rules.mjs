// What actionlint says of the workflows, and rules that it does not know.

import { installed, workflows } from './files.mjs';

const found = [];

// The rules, each from a step to what is wrong with it, if anything is.
const rules = [
  ({ uses }) => uses && !uses.startsWith('./') && !/@[0-9a-f]{40}$/.test(uses) && `${uses}: pin it by the hash of a commit`,
  ({ run }) =>
    run?.match(/cargo (\+\S+ )?(build|test|bench|run|install|doc|clippy)\b(?!.*--locked)[^\n|&;]*/)?.[0].concat(': add --locked'),
  ({ run }) => run?.includes('${{ github.') && `${run.trim()}: what comes from outside reaches a shell as a variable`,
  ({ uses, with: given }, pushes) =>
    uses?.startsWith('actions/checkout@') && !pushes && given?.['persist-credentials'] !== false && 'leave no token behind: persist-credentials: false',
];

for (const { name, text, content } of workflows) {
  // A linter of its own for each file: one that has linted another stops at some.
  const lint = await installed('actionlint').createLinter();
  for (const { line, column, message } of lint(text, `.github/workflows/${name}`)) {
    found.push(`${name}:${line}:${column}: ${message}`);
  }
  if (!isRead(content.permissions)) {
    found.push(`${name}: permissions of the file are to be read or none; jobs ask for more`);
  }
  for (const [id, { steps, permissions }] of Object.entries(content.jobs)) {
    for (const step of steps) {
      const broken = rules.map((rule) => rule(step, permissions?.contents === 'write')).filter(Boolean);
      found.push(...broken.map((what) => `${name}: ${id}: ${what}`));
    }
  }
}

function isRead(permissions) {
  return typeof permissions === 'object' && Object.values(permissions).every((right) => right === 'read');
}

if (found.length) console.log(found.join('\n'));
console.log(found.length ? `${found.length} failed` : `${workflows.length} passed: workflows`);
process.exit(found.length ? 1 : 0);
