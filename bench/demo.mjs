// Where the demo spends its time: in the first run, which installs the worker, and in the second, which has everything it needs.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './measure.mjs';

export async function measureDemo(root, folder, say) {
  const home = join(folder, 'demo');
  await mkdir(home, { recursive: true });
  const demo = async (which) => {
    const args = [join(root, 'scripts', 'demo.mjs'), '--folder', 'demo', '--json'];
    const { ms, out } = await run(process.execPath, args, { cwd: home });
    say(`${which} run: ${seconds(ms)}`);
    return { ms, stages: JSON.parse(out).stages };
  };
  const first = await demo('first');
  const second = await demo('second');
  const whole = {
    what: 'demo, without the build',
    measured: `${seconds(first.ms)} first, ${seconds(second.ms)} again`,
  };
  const stages = first.stages.map(({ name, ms }) => {
    const again = second.stages.find((stage) => stage.name === name);
    return {
      what: `demo: ${name}`,
      measured: `${seconds(ms)} first, ${again === undefined ? '–' : seconds(again.ms)} again`,
    };
  });
  return [whole, ...stages];
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
