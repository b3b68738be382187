namespace Webhooks.Local.Provisioning;

/// <summary>A server cannot be had on this machine; the message says why and what to do.</summary>
public sealed class ProvisioningException(string message, Exception? inner = null) : Exception(message, inner);
