using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Webhooks.Broker.Connections;

namespace Webhooks.Broker.Consuming;

/// <summary>Writes the acks of one channel, a few milliseconds' worth at a time.</summary>
internal sealed partial class AckWriter(IChannel channel, TimeProvider clock, ILogger logger)
{
    internal static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(3);

    private readonly Lock _lock = new();
    private readonly AckWindow _window = new();
    private readonly List<Ack> _acks = [];
    private Task? _writing;
    private bool _more;
    private int _inHand;
    private volatile bool _hasTaken;
    private volatile bool _hasWritten;

    /// <summary>How many messages of the channel have come and were not acknowledged yet.</summary>
    public int InHand => Volatile.Read(ref _inHand);

    /// <summary>Messages have come, and none was acknowledged.</summary>
    public bool IsInVain => _hasTaken && !_hasWritten;

    /// <summary>Some were acknowledged.</summary>
    public bool HasWorked => _hasWritten;

    /// <summary>A message has come.</summary>
    public void Took()
    {
        Interlocked.Increment(ref _inHand);
        _hasTaken = true;
    }

    /// <summary>Acknowledges a message, soon. After the channel is lost this does nothing: the broker hands the message over again.</summary>
    public void Ack(ulong tag)
    {
        Interlocked.Decrement(ref _inHand);
        lock (_lock)
        {
            _window.Finish(tag);
            _more = true;
            _writing ??= Task.Run(WriteAsync);
        }
    }

    /// <summary>The channel is closed, and with it our hold on its messages.</summary>
    public bool IsLost => !channel.IsOpen;

    /// <summary>Completes when everything acknowledged so far is written.</summary>
    public async Task FlushAsync()
    {
        while (true)
        {
            Task? writing;
            lock (_lock)
            {
                writing = _writing;
            }

            if (writing is null)
            {
                return;
            }

            await writing;
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await WriteUntilIdleAsync();
        }
        catch (Exception fault)
        {
            if (!BrokerFault.IsOurs(fault))
            {
                Log.Failed(logger, fault);
            }

            // Whatever it was: what was to be written is written by nobody any more. The messages come again, flagged redelivered, when the
            // channel is gone; on one that stays they would be in hand for ever.
            lock (_lock)
            {
                _writing = null;
            }

            await channel.AbortAsync();
        }
    }

    private async Task WriteUntilIdleAsync()
    {
        var idleRounds = 0;
        while (true)
        {
            await Task.Delay(Interval, clock);
            lock (_lock)
            {
                if (IsLost)
                {
                    _writing = null;
                    return;
                }

                // One more round than there is news: a message left behind is acknowledged alone in it.
                idleRounds = _more ? 0 : idleRounds + 1;
                _more = false;
                _acks.Clear();
                _window.Drain(_acks);
                if (idleRounds >= 2 && _acks.Count == 0)
                {
                    // The list is the next writer's from here on.
                    _writing = null;
                    return;
                }
            }

            foreach (var ack in _acks)
            {
                await channel.BasicAckAsync(ack.Tag, ack.Multiple);
                _hasWritten = true;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Messages could not be acknowledged: their channel is given up, and they come again")]
        public static partial void Failed(ILogger logger, Exception fault);
    }
}
