namespace Webhooks.Sending.Connections;

/// <summary>Says that connecting failed before there was an address to connect to.</summary>
internal sealed class NameLookupException(Exception? cause) : Exception("The host name has no address.", cause);
