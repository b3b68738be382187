using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Webhooks.Sending.Addresses;
using Webhooks.Sending.Connections;

namespace Webhooks.Sending;

/// <summary>Where sends may go, and from where.</summary>
public sealed class SendingOptions : IValidatableObject
{
    public const string Section = "Webhooks";

    /// <summary>Plain http, for development.</summary>
    public bool AllowInsecureUrls { get; init; }

    /// <summary>CIDR ranges and addresses that may be called although they are special-purpose. One string: the binder would append to a list.</summary>
    public string AllowedAddresses { get; init; } = "";

    /// <summary>A PEM file of authorities that are trusted besides the system's, for private networks and tests.</summary>
    public string TrustedCertificates { get; init; } = "";

    /// <summary>The local address that sends leave from. Empty: the system chooses.</summary>
    public string SourceAddress { get; init; } = "";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AddressGuard.Parse(AllowedAddresses, out var entry) is null)
        {
            yield return new ValidationResult(
                $"Webhooks:AllowedAddresses contains '{entry}', which is not a CIDR range; write for example \"127.0.0.0/8, fd00:12::/64\".",
                [nameof(AllowedAddresses)]);
        }

        if (SourceAddress.Length > 0 && !IsLocal(SourceAddress))
        {
            yield return new ValidationResult(
                $"Webhooks:SourceAddress is '{SourceAddress}', which is not an IP address of this machine; write for example \"10.0.0.7\".",
                [nameof(SourceAddress)]);
        }

        if (FaultOfTrustedCertificates() is { } fault)
        {
            yield return new ValidationResult(
                $"Webhooks:TrustedCertificates is '{TrustedCertificates}', {fault}; name a PEM file with at least one certificate.",
                [nameof(TrustedCertificates)]);
        }
    }

    internal AddressGuard Guard() =>
        AddressGuard.Parse(AllowedAddresses, out var entry)
        ?? throw new OptionsValidationException(Section, typeof(SendingOptions), [$"Webhooks:AllowedAddresses contains '{entry}', which is not a CIDR range."]);

    internal IPAddress? Source() => SourceAddress.Length > 0 ? IPAddress.Parse(SourceAddress) : null;

    internal X509Certificate2Collection Authorities()
    {
        var authorities = new X509Certificate2Collection();
        if (TrustedCertificates.Length > 0)
        {
            authorities.ImportFromPemFile(TrustedCertificates);
        }

        return authorities;
    }

    private static bool IsLocal(string text)
    {
        if (!IPAddress.TryParse(text, out var address))
        {
            return false;
        }

        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            LocalAddress.Bind(socket, address);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string? FaultOfTrustedCertificates()
    {
        try
        {
            return TrustedCertificates.Length > 0 && Authorities().Count == 0 ? "which holds no certificate" : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return "which cannot be read";
        }
        catch (CryptographicException)
        {
            return "which is not a PEM file";
        }
    }
}

[OptionsValidator]
internal sealed partial class SendingOptionsValidator : IValidateOptions<SendingOptions>;
