// parley devices: the devices that one is signed in on, and signing one out.
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { addSessionOptions, type SessionOptions } from '../cli-options.ts';
import type { CliContext } from '../context.ts';
import { moment } from '../moment.ts';
import { sanitizeLine } from '../sanitize.ts';
import { Session } from '../session.ts';
import { tell } from '../tell.ts';

const ID_WIDTH = 20;

interface DevicesOptions extends SessionOptions {
  readonly revoke?: string;
}

export function addDevices(program: Command, context: CliContext): void {
  addSessionOptions(
    program
      .command('devices')
      .description('list the devices that you are signed in on, or sign one out')
      .option('--revoke <id>', 'sign this device out, for good'),
  ).action((options: DevicesOptions) => devices(options, context));
}

/** -> a line each: {"device_id","name","created_at","connected","current"}; --revoke: {"device_id","revoked":true} */
async function devices(options: DevicesOptions, context: CliContext): Promise<void> {
  const { revoke } = options;
  if (revoke !== undefined && !/^[1-9][0-9]{0,18}$/.test(revoke)) {
    throw new CliError({
      code: 'invalid_field',
      field: 'device_id',
      message: `--revoke takes the id of a device, not ${JSON.stringify(revoke)}. See yours with: parley devices`,
    });
  }
  await using session = await Session.open(context, options);
  if (revoke !== undefined) {
    await session.answer(session.client.revokeDevice(revoke));
    return await tell(context, { device_id: revoke, revoked: true }, `Device ${revoke} is signed out.`);
  }
  for (const row of await session.answer(session.client.devices())) {
    const { device_id, name, created_at, connected } = row;
    const current = row.current === true;
    const now = current ? ', this one' : connected ? ', connected now' : '';
    const label = name === '' ? '(no name)' : sanitizeLine(name);
    await tell(
      context,
      { device_id, name, created_at, connected, current },
      `${device_id.padEnd(ID_WIDTH)} ${label}, since ${moment(created_at).date}${now}`,
    );
  }
}
