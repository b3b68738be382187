namespace Webhooks.Subscriptions.Caching;

/// <summary>
/// The stored configuration asks for what this process does not have: a key that it was not given, or a profile, filter
/// or transform of a newer version. Trying again does not help, and nothing that was being worked on is to blame.
/// </summary>
public sealed class UnreadableConfigException(Exception reason) : Exception(reason?.Message, reason);
