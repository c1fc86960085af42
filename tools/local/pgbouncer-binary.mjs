export async function pgBouncerBinary() {
  const lib = '/work/pgb/root-trixie/usr/lib/x86_64-linux-gnu';
  return {
    command: `${lib}/ld-linux-x86-64.so.2`,
    args: ['--library-path', lib, '/work/pgb/root-trixie/usr/sbin/pgbouncer'],
    source: 'dev',
  };
}
