using System.Net;
using Microsoft.Extensions.Options;

namespace Webhooks.Management.Egress;

/// <summary>The addresses that sends come from, as receivers may put them on their allow-lists. Only told, never used.</summary>
internal sealed class EgressOptions
{
    private const string Key = "Webhooks:EgressRanges";

    /// <summary>As configured, unread, each with its key.</summary>
    public IReadOnlyList<(string Key, string Text)> Entries { get; private set; } = [];

    public IReadOnlyList<IPNetwork> Ranges => [.. Entries.Select(entry => Find(entry.Text)!.Value)];

    /// <summary>Takes one text with commas or blanks between the ranges, or one range for each index.</summary>
    public void Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Key);
        Entries =
        [
            .. section.GetChildren().Prepend(section).SelectMany(
                place => (place.Value ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                (place, text) => (place.Path, text)),
        ];
    }

    /// <summary>A CIDR range, or a single address as the range that holds only it.</summary>
    public static IPNetwork? Find(string entry) =>
        IPNetwork.TryParse(entry, out var range) ? range
        : IPAddress.TryParse(entry, out var address) && entry.AsSpan().ContainsAny('.', ':') ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}

/// <summary>Names the range that is none.</summary>
internal sealed class EgressOptionsValidator : IValidateOptions<EgressOptions>
{
    public ValidateOptionsResult Validate(string? name, EgressOptions options)
    {
        var faults = options.Entries.Where(entry => EgressOptions.Find(entry.Text) is null)
            .Select(entry => $"{entry.Key} contains '{entry.Text}', which is not a CIDR range; write for example \"203.0.113.0/28, 2001:db8:1::/64\".")
            .ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
