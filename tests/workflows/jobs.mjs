// Runs the jobs of performance.yml for real, in clean clones of the last commit: the shell steps in their order, with
// conditions and expressions. Actions and `gh` are stood in for by what they do to files.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root, workflows } from './files.mjs';

const { content } = workflows.find(({ name }) => name === 'performance.yml');
const scratch = mkdtempSync(join(tmpdir(), 'workflows-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

// The files of a folder that a pattern of one * at most stands for, and of folders by such a pattern.
function glob(pattern, at) {
  const [first, ...rest] = pattern.split('/');
  const [before, after = null] = first.split('*');
  const fits = (name) => (after === null ? name === first : name.startsWith(before) && name.endsWith(after));
  const names = existsSync(at) ? readdirSync(at).filter(fits) : [];
  return rest.length ? names.flatMap((name) => glob(rest.join('/'), join(at, name)).map((found) => `${name}/${found}`)) : names;
}

const git = (at, ...words) => execFileSync('git', ['-C', at, ...words], { encoding: 'utf8' }).trim();

// The repository on the server: its branch main is one commit behind what is tried.
const server = join(scratch, 'server.git');
execFileSync('git', ['clone', '--quiet', '--bare', '--no-hardlinks', root, server]);
const tip = git(root, 'rev-parse', 'HEAD');
git(server, 'update-ref', 'refs/heads/main', git(root, 'rev-parse', 'HEAD^'));
git(server, 'update-ref', 'refs/heads/tried', tip);
for (const branch of git(server, 'for-each-ref', '--format=%(refname)', 'refs/heads').split('\n')) {
  if (!/\/(main|tried)$/.test(branch)) git(server, 'update-ref', '-d', branch);
}
git(server, 'symbolic-ref', 'HEAD', 'refs/heads/tried');

// `gh api`: comments are the files of a folder, by number.
const programs = join(scratch, 'programs');
const comments = join(scratch, 'comments');
mkdirSync(programs);
mkdirSync(comments);
writeFileSync(
  join(programs, 'gh'),
  `#!/bin/bash
set -eu
echo "$*" >>'${scratch}/gh.log'
for word; do case $word in body=@*) body=\${word#body=@} ;; repos/*) path=$word ;; esac; done
case "$*" in
  *'--method PATCH'*) test -e '${comments}'/"\${path##*/}" && cp "$body" '${comments}'/"\${path##*/}" ;;
  *'--method POST'*) cp "$body" '${comments}'/"$((100 + $(ls '${comments}' | wc -l)))" ;;
  *) cd '${comments}' && { grep -lxF -- "$MARKER" * || true; } ;;
esac
`,
  { mode: 0o755 },
);

// Each commit is built once: clones of one that was built before get its executable.
const built = join(scratch, 'built');
mkdirSync(built);
const cargo = execFileSync('bash', ['-c', 'command -v cargo'], { encoding: 'utf8' }).trim();
writeFileSync(
  join(programs, 'cargo'),
  `#!/bin/bash
set -eu
at=. last=
for word; do [ "$last" != --manifest-path ] || at=$(dirname "$word"); last=$word; done
executable='${built}'/$(git -C "$at" rev-parse HEAD)
if ! [ -e "$executable" ]; then
  CARGO_TARGET_DIR='${built}/target' '${cargo}' "$@"
  cp '${built}/target/release/copybench' "$executable"
fi
mkdir -p "$at/target/release" && cp "$executable" "$at/target/release/copybench"
`,
  { mode: 0o755 },
);

const context = (event, extra = {}) => ({
  base_ref: 'main',
  event_name: event,
  event: { number: 7, pull_request: { head: { repo: { full_name: extra.head ?? 'we/copybench' } } } },
  repository: 'we/copybench',
  sha: tip,
  token: 'none',
});

// Runs a job, and gives where its artifacts are. `budget` takes the place of the job's own.
function run(id, event, { artifacts, matrix = {}, budget = '10s', head } = {}) {
  const job = content.jobs[id];
  const github = context(event, { head });
  const home = mkdtempSync(join(scratch, `${id}-`));
  const workspace = join(home, 'work');
  artifacts ??= join(home, 'artifacts');
  mkdirSync(workspace);
  const hashFiles = (pattern) => (glob(pattern, workspace).length ? 'there' : '');
  let failed = false;
  const value = (expression) =>
    new Function('github', 'matrix', 'always', 'hashFiles', `return ${expression}`)(github, matrix, () => true, hashFiles);
  const filled = (text) => String(text).replace(/\$\{\{(.*?)\}\}/g, (_, expression) => value(expression));
  const filledAll = (map) => Object.fromEntries(Object.entries(map ?? {}).map(([name, text]) => [name, filled(text)]));
  const runner = { GITHUB_SHA: tip, GITHUB_STEP_SUMMARY: join(home, 'summary'), BUDGET: budget };
  if (job.if && !value(job.if)) return { ran: false };
  for (const step of job.steps) {
    const condition = step.if ?? '';
    if ((failed && !condition.includes('always()')) || (condition && !value(condition))) continue;
    const given = filledAll(step.with);
    if (step.uses?.startsWith('actions/checkout@')) {
      execFileSync('git', ['clone', '--quiet', '--no-hardlinks', server, workspace]);
    } else if (step.uses?.startsWith('actions/upload-artifact@')) {
      const files = given.path.split('\n').filter(Boolean).flatMap((pattern) => glob(pattern.trim(), workspace));
      for (const file of files) cpSync(join(workspace, file), join(artifacts, given.name, file));
    } else if (step.uses?.startsWith('actions/download-artifact@')) {
      for (const file of glob(`${given.pattern}/*`, artifacts)) {
        cpSync(join(artifacts, file), join(workspace, basename(file)));
      }
    } else {
      assert.ok(step.run, `no stand-in for ${step.uses}`);
      const env = { ...process.env, ...filledAll(job.env), ...runner, ...filledAll(step.env) };
      env.PATH = `${programs}:${env.PATH}`;
      const script = filled(step.run);
      const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
        cwd: workspace,
        env,
        encoding: 'utf8',
      });
      if (status !== 0) console.log(`${id}: exit ${status}\n${script}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
      failed ||= status !== 0;
    }
  }
  return { ran: true, failed, artifacts, workspace };
}

const told = [];
const said = (number) => readFileSync(join(comments, String(number)), 'utf8');

// A pull request, twice: the second comment takes the place of the first, and others are left alone.
writeFileSync(join(comments, '99'), "somebody's\n");
for (const name of ['first', 'second']) {
  const gate = run('gate', 'pull_request', { budget: '20s' });
  assert.ok(!gate.failed, 'the gate failed');
  for (const file of ['performance.jsonl', 'performance.xml', 'comment.md']) {
    assert.ok(existsSync(join(gate.artifacts, 'performance', file)), file);
  }
  assert.match(said(101), /^<!-- copybench performance -->\n/);
  told.push(`gate, ${name} time: ${said(101).split('\n')[1]}`);
  rmSync(gate.workspace, { recursive: true });
}
assert.equal(said(99), "somebody's\n");
assert.equal(readdirSync(comments).length, 2);

// A fork's has the artifact and no comment.
const calls = readFileSync(join(scratch, 'gh.log'), 'utf8');
const fork = run('gate', 'pull_request', { head: 'they/copybench' });
assert.ok(existsSync(join(fork.artifacts, 'performance/comment.md')));
assert.equal(readFileSync(join(scratch, 'gh.log'), 'utf8'), calls);
told.push('gate, of a fork: an artifact, no comment');

// Two pushes: the branch of the history has both records.
for (const _ of [1, 2]) {
  const history = run('history', 'push');
  assert.ok(history.ran && !history.failed, 'history failed');
}
const kept = git(server, 'ls-tree', '-r', '--name-only', 'performance').split('\n');
assert.equal(kept.filter((name) => /^runs\/.*\.jsonl$/.test(name)).length, 2, kept.join());
told.push(`history: ${kept.length} files on its branch`);

// A night of four parts, merged.
const artifacts = join(scratch, 'night');
for (const part of content.jobs.nightly.strategy.matrix.part) {
  assert.ok(!run('nightly', 'schedule', { artifacts, matrix: { part } }).failed, `part ${part} failed`);
}
const merged = run('merge', 'schedule', { artifacts });
assert.ok(merged.ran && !merged.failed && !run('merge', 'push', { artifacts }).ran);
const lines = readFileSync(join(artifacts, 'nightly/nightly.jsonl'), 'utf8').split('\n');
told.push(`nightly: ${lines.filter((line) => line.startsWith('{"t":"run"')).length} parts in one record`);

console.log(told.join('\n'));
console.log(`${told.length} passed: jobs of performance.yml`);
