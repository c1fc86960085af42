#!/usr/bin/env bash
# RabbitMQ 3.10.8 (Debian 12) with amqplib 2.3.1: a consumer of a quorum queue acks 300 messages and closes its channel in the
# orderly way. The channel.close is answered, and yet the queue gets only the first 34 acks: what goes from a channel to a quorum
# queue is held back beyond 32 commands under way, and what is held back is forgotten with the channel. The other 266 messages are
# delivered again. A classic queue gets all acks. A request to the queue behind the acks, as basic.get, makes all of them count.
# Seen: see the comparison at the end
set -euo pipefail
folder=$(mktemp -d); server=; epmd=
trap 'for pid in $server $epmd; do kill "$pid" && wait "$pid" || true; done; rm -rf "$folder"' EXIT; cd "$folder"
chmod 755 "$folder"; mkdir -p packages lists/partial cache/archives/partial root home data log launcher
apt="-qq -o Dir::State::lists=$folder/lists -o Dir::Cache=$folder/cache -o APT::Sandbox::User="
apt-get $apt update
erlang=(); for name in asn1 base crypto eldap ftp inets mnesia os-mon parsetools public-key runtime-tools snmp ssl syntax-tools tftp tools xmerl; do
  erlang+=("erlang-$name=1:25.2.3+dfsg-1+deb12u4")
done
(cd packages && apt-get $apt download "${erlang[@]}" rabbitmq-server=3.10.8-1.1+deb12u1)
for package in packages/*.deb; do dpkg -x "$package" root; done
export ROOTDIR=$folder/root/usr/lib/erlang EMU=beam PROGNAME=erl
BINDIR=$(echo "$ROOTDIR"/erts-*/bin); export BINDIR PATH="$folder/launcher:$BINDIR:$PATH"
printf '#!/bin/sh\nexec "$BINDIR/erlexec" "$@"\n' >launcher/erl; chmod 755 launcher/erl
free() { node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })"; }
port=$(free); ERL_EPMD_PORT=$(free); RABBITMQ_DIST_PORT=$(free)
export HOME=$folder/home ERL_EPMD_PORT ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_DIST_PORT RABBITMQ_NODENAME=finding@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
  RABBITMQ_NODE_PORT=$port RABBITMQ_MNESIA_BASE=$folder/data RABBITMQ_LOG_BASE=$folder/log RABBITMQ_ENABLED_PLUGINS_FILE=$folder/plugins RABBITMQ_CONF_ENV_FILE=$folder/none RABBITMQ_CONFIG_FILE=$folder/none RABBITMQ_ADVANCED_CONFIG_FILE=$folder/none
epmd -port "$ERL_EPMD_PORT" >/dev/null 2>&1 & epmd=$!
"$folder"/root/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server >log/out 2>&1 & server=$!
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error --save-exact amqplib@2.3.1 >/dev/null
cat >run.cjs <<'JS'
const { connect } = require('amqplib');
(async () => {
  let connection;
  for (const until = Date.now() + 120_000; !connection; ) {
    connection = await connect({ hostname: '127.0.0.1', port: Number(process.argv[2]) }).catch(async (error) => {
      if (Date.now() > until) throw error; // it is still starting
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
  }
  console.log(`RabbitMQ ${connection.connection.serverProperties.version}`);
  const channel = await connection.createConfirmChannel();
  const left = async (type, beforeClose) => {
    const queue = `finding-${type}-${beforeClose ? 'get' : 'close'}`;
    await channel.assertQueue(queue, { arguments: { 'x-queue-type': type } });
    for (let n = 0; n < 300; n += 1) channel.sendToQueue(queue, Buffer.from(`${n}`), { persistent: true });
    await channel.waitForConfirms();
    const consuming = await connection.createChannel();
    const deliveries = [];
    await new Promise((resolve) => {
      void consuming.consume(queue, (delivery) => deliveries.push(delivery) === 300 && resolve());
    });
    for (const delivery of deliveries) consuming.ack(delivery);
    await beforeClose?.(consuming, queue);
    await consuming.close();
    // What is left comes back: it is taken until nothing comes for a second.
    let again = 0;
    let last = Date.now();
    await channel.consume(queue, () => { again += 1; last = Date.now(); }, { noAck: true });
    while (Date.now() - last < 1_000) await new Promise((resolve) => setTimeout(resolve, 50));
    return again;
  };
  console.log(`classic queue, ack and close: ${await left('classic')} of 300 come again`);
  console.log(`quorum queue, ack and close: ${await left('quorum')} of 300 come again`);
  console.log(`quorum queue, ack, get and close: ${await left('quorum', (consuming, queue) => consuming.get(queue))} of 300 come again`);
  await connection.close();
})();
JS
seen=$(node run.cjs "$port"); echo "$seen"
[ "$seen" = 'RabbitMQ 3.10.8
classic queue, ack and close: 0 of 300 come again
quorum queue, ack and close: 266 of 300 come again
quorum queue, ack, get and close: 0 of 300 come again' ] || { echo 'The behaviour has changed.'; exit 1; }
