using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Subscriptions.Notices;

/// <summary>Writes a notice's data: a JSON object, minified, in the spelling of all events. What is absent is written as null.</summary>
public sealed class NoticeData
{
    private readonly ArrayBufferWriter<byte> _output = new(512);

    public NoticeData Add(string name, string? value)
    {
        AppendName(name);
        if (value is null)
        {
            _output.Write("null"u8);
        }
        else
        {
            _output.Append(value);
        }

        return this;
    }

    public NoticeData Add(string name, int? value)
    {
        AppendName(name);
        if (value is { } number)
        {
            number.TryFormat(_output.GetSpan(11), out var written, provider: CultureInfo.InvariantCulture);
            _output.Advance(written);
        }
        else
        {
            _output.Write("null"u8);
        }

        return this;
    }

    /// <param name="name">The member.</param>
    /// <param name="json">A JSON value, well-formed; it is minified. Null: none.</param>
    public NoticeData AddJson(string name, byte[]? json)
    {
        if (json is null)
        {
            return Add(name, (string?)null);
        }

        AppendName(name);
        MinifiedJson.Copy(json, _output);
        return this;
    }

    public byte[] ToBytes()
    {
        _output.Write(_output.WrittenCount == 0 ? "{}"u8 : "}"u8);
        return _output.WrittenSpan.ToArray();
    }

    private void AppendName(string name)
    {
        _output.Write(_output.WrittenCount == 0 ? "{"u8 : ","u8);
        _output.Append(name);
        _output.Write(":"u8);
    }
}
