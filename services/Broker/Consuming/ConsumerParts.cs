using Microsoft.Extensions.Logging;
using Webhooks.Broker.Consuming.Windows;

namespace Webhooks.Broker.Consuming;

/// <summary>What all sessions of a consumer share.</summary>
internal sealed record ConsumerParts(
    ConsumedQueue Queue, ReceivedMessages Received, PauseSwitch Pauses, Caution Caution, TimeProvider Clock, ILogger Logger);
